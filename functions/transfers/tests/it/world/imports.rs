//! Imports, as somebody announces and begins them.

use cloud::objects::ObjectKey;
use domain::event::EventKind;
use domain::import::{Import, ImportState, VolumeTerms};
use domain::{Clock as _, ImportId};
use store::ImportBegun;
use testkit::TestMember;

use super::World;
use crate::bundle::sha256;

impl World {
    /// An import whose volumes are uploaded.
    pub(crate) async fn announce(&self, by: &TestMember, volumes: &[Vec<u8>]) -> ImportId {
        let id = ImportId::generate(self.table.ids());
        let terms = volumes.iter().map(|volume| VolumeTerms {
            bytes: u64::try_from(volume.len()).unwrap(),
            sha256: sha256(volume),
        });
        let now = self.clock.now();
        let import = Import::new(id, by.tenant, by.user, now, terms.collect());
        let tenant = self.table.tenant(&by.scope);
        let turn = tenant.import_turn(now).await.unwrap();
        let stored = tenant.create_import(&import, &turn, &self.act(by)).await;
        assert!(stored.unwrap());
        for (volume, number) in volumes.iter().zip(1..) {
            let key = ObjectKey::import_upload(by.tenant, id, number);
            self.objects.upload(key, "application/zip", volume.clone());
        }
        id
    }

    pub(crate) async fn import_of(&self, by: &TestMember, id: ImportId) -> Import {
        let tenant = self.table.tenant(&by.scope);
        let found = tenant.import(id, self.clock.now()).await.unwrap();
        found.unwrap()
    }

    pub(crate) async fn begin(&self, by: &TestMember, id: ImportId, state: ImportState) {
        let next = self.import_of(by, id).await.begun(state);
        let tenant = self.table.tenant(&by.scope);
        let (kind, act) = (EventKind::ImportStarted, self.act(by));
        let turn = tenant.import_turn(act.at).await.unwrap();
        let begun = tenant.begin_import(&next, &turn, kind, &act).await.unwrap();
        assert_eq!(begun, ImportBegun::Done);
    }

    pub(crate) async fn check(&self, by: &TestMember, id: ImportId) -> Import {
        self.begin(by, id, ImportState::Checking).await;
        self.run().await;
        self.import_of(by, id).await
    }

    pub(crate) async fn apply(&self, by: &TestMember, id: ImportId) -> Import {
        self.begin(by, id, ImportState::Importing).await;
        self.run().await;
        self.import_of(by, id).await
    }

    /// Everything of one tenant, in another one.
    pub(crate) async fn moved(&self, from: &TestMember, to: &TestMember) -> Import {
        let id = self.announce(to, &self.exported(from).await).await;
        let checked = self.check(to, id).await;
        assert_eq!(
            (checked.state, &checked.fault),
            (ImportState::Checked, &None)
        );
        let done = self.apply(to, id).await;
        assert_eq!((done.state, &done.fault), (ImportState::Done, &None));
        assert_eq!(done.counts, checked.counts);
        assert_eq!(done.unscheduled_posts, checked.unscheduled_posts);
        assert_eq!(done.problems, checked.problems);
        done
    }
}
