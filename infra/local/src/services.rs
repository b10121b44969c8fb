//! Everything below the functions, opened once.

use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use cloud::clock::SystemRandom;
use cloud::signing::{Signer, SoftwareSigner};
use domain::{Clock, Ids, Random};
use networks::{Bluesky, Egress, HttpClient, OauthClient, Registry};
use playground::{Playground, Server};
use store::{Settings as TableSettings, Table, schema};
use url::Url;

use crate::archive::DiskArchive;
use crate::audit::pem;
use crate::folder::{DataFolder, write_durably};
use crate::keys::KeyFile;
use crate::objects::DiskObjects;
use crate::outbox::{self, Outbox};
use crate::queue::{self, LocalQueue};
use crate::shards::ShardQueue;
use crate::sqlite::Sqlite;
use crate::table::EmbeddedTable;

const TABLE: &str = "m1autoposter";
/// Where the table is, in the data folder.
pub(crate) const TABLE_FILE: &str = "table.sqlite";
const ATTENTION_SHARDS: u32 = 16;

/// What the functions run on.
#[derive(Clone, Debug)]
pub(crate) struct Services {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) keys: KeyFile,
    pub(crate) embedded: Arc<EmbeddedTable>,
    pub(crate) table: Table,
    pub(crate) queue: LocalQueue,
    pub(crate) shards: ShardQueue,
    pub(crate) objects: DiskObjects,
    pub(crate) archive: DiskArchive,
    pub(crate) signer: Arc<dyn Signer>,
    pub(crate) outbox: Outbox,
    pub(crate) base: Url,
    pub(crate) networks: Registry,
    pub(crate) playground: Arc<Server>,
}

impl Services {
    /// Opens or makes everything in `folder`, for a host that is reached at `base`.
    pub(crate) async fn open(
        folder: &DataFolder,
        base: Url,
        clock: Arc<dyn Clock>,
    ) -> anyhow::Result<Self> {
        let random: Arc<dyn Random> = Arc::new(SystemRandom);
        let table_file = folder.join(TABLE_FILE);
        let keys = KeyFile::open(
            &folder.join("key"),
            !table_file.exists(),
            Arc::clone(&random),
        )?;
        let embedded = Arc::new(EmbeddedTable::open(&table_file)?);
        let client = embedded.client();
        schema::create_if_absent(&client, TABLE)
            .await
            .context("the table cannot be made")?;
        let settings = TableSettings {
            name: TABLE.to_owned(),
            shards: ATTENTION_SHARDS,
        };
        let ids = Ids::new(Arc::clone(&clock), Arc::clone(&random));
        let playground = Server::open(&folder.join("playground.sqlite"), Arc::clone(&clock))?;
        let sqlite = open_sqlite(&folder.join("host.sqlite"))?;
        Ok(Self {
            table: Table::new(client, settings, ids),
            queue: LocalQueue::open(sqlite.clone(), Arc::clone(&clock))
                .await
                .context("the queue cannot be opened")?,
            shards: ShardQueue::default(),
            objects: DiskObjects::open(
                &folder.join("objects"),
                base.clone(),
                &keys,
                Arc::clone(&clock),
            )
            .context("the folder of objects cannot be made")?,
            archive: DiskArchive::open(&folder.join("archive"))
                .context("the archive cannot be opened")?,
            signer: audit_signer(folder, &keys)?,
            outbox: Outbox::new(sqlite, Arc::clone(&clock)),
            networks: networks(&base, &clock)?,
            playground: Arc::new(playground),
            keys,
            embedded,
            clock,
            random,
            base,
        })
    }
}

/// The key that signs checkpoints of the audit log. Its public half is in a file, for whoever verifies an export.
fn audit_signer(folder: &DataFolder, keys: &KeyFile) -> anyhow::Result<Arc<dyn Signer>> {
    let signer = SoftwareSigner::new(&keys.derived("audit checkpoints"))
        .context("the key of the audit log cannot be derived")?;
    let der = signer
        .public_key_der()
        .context("the key of the audit log has no public half")?;
    write_durably(&folder.join("audit-key.pem"), pem(&der).as_bytes())
        .context("the public key of the audit log cannot be written")?;
    Ok(Arc::new(signer))
}

/// Servers on this machine may be connected only here; the playground is one.
fn networks(base: &Url, clock: &Arc<dyn Clock>) -> anyhow::Result<Registry> {
    // Only a second host in the same process finds a provider already there, which is the same one.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let http = HttpClient::new(Egress::AllowLoopback)?;
    let port = base.port_or_known_default().unwrap_or_default();
    let bluesky =
        Bluesky::new(http.clone(), Arc::clone(clock)).with_client(OauthClient::loopback(port));
    Ok(Registry::new(vec![
        Arc::new(bluesky),
        Arc::new(Playground::new(by_address(base), http, Arc::clone(clock))),
    ]))
}

/// The same host without its name, which would be looked up for each call.
fn by_address(base: &Url) -> Url {
    let mut url = base.clone();
    // The scheme has hosts, so the address is taken.
    let (Ok(()) | Err(())) = url.set_ip_host(Ipv4Addr::LOCALHOST.into());
    url
}

fn open_sqlite(path: &Path) -> anyhow::Result<Sqlite> {
    let schema = [queue::SCHEMA, outbox::SCHEMA].concat();
    Sqlite::open(path, &schema).with_context(|| format!("{} cannot be opened", path.display()))
}
