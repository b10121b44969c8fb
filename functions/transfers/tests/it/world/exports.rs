//! Exports, as somebody asks for them and downloads them.

use cloud::objects::{ObjectKey, ObjectStore as _};
use domain::export::{Export, ExportState};
use domain::{Clock as _, ExportId};
use testkit::TestMember;

use super::World;
use crate::bundle::{Bundle, sha256};

impl World {
    pub(crate) async fn request(&self, by: &TestMember) -> ExportId {
        let id = ExportId::generate(self.table.ids());
        let export = Export::new(id, by.tenant, by.user, self.clock.now());
        let tenant = self.table.tenant(&by.scope);
        let newest = tenant.newest_export().await.unwrap();
        let requested = tenant.request_export(&export, newest, &self.act(by)).await;
        assert!(requested.unwrap());
        id
    }

    pub(crate) async fn export(&self, by: &TestMember, id: ExportId) -> Export {
        let tenant = self.table.tenant(&by.scope);
        let found = tenant.export(id, self.clock.now()).await.unwrap();
        found.unwrap()
    }

    /// The volumes of an export that is ready.
    pub(crate) async fn volumes(&self, by: &TestMember, id: ExportId) -> Vec<Vec<u8>> {
        let export = self.export(by, id).await;
        assert!(matches!(export.state, ExportState::Ready { .. }));
        let named = self.table.tenant(&by.scope).export_volumes(id).await;
        let mut volumes = Vec::new();
        for volume in named.unwrap() {
            let key = ObjectKey::volume(by.tenant, id, &volume).unwrap();
            let bytes = self.objects.get(key, u64::MAX).await.unwrap().unwrap();
            assert_eq!(u64::try_from(bytes.len()).unwrap(), volume.bytes);
            assert_eq!(sha256(&bytes), volume.sha256);
            volumes.push(bytes.to_vec());
        }
        assert_eq!(volumes.len(), usize::try_from(export.volumes).unwrap());
        volumes
    }

    pub(crate) async fn bundle(&self, by: &TestMember, id: ExportId) -> Bundle {
        Bundle::of_volumes(&self.volumes(by, id).await)
    }

    /// The volumes of a fresh export.
    pub(crate) async fn exported(&self, by: &TestMember) -> Vec<Vec<u8>> {
        let id = self.request(by).await;
        self.run().await;
        self.volumes(by, id).await
    }
}
