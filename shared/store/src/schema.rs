//! The table and its indexes as data: the local host makes the table of it, and a test compares it with the template.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::create_table::CreateTableInput;
use aws_sdk_dynamodb::operation::describe_time_to_live::DescribeTimeToLiveError;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType, TimeToLiveSpecification, TimeToLiveStatus,
};
use domain::{Error, Result};

/// Partition key of the table.
pub const PK: &str = "PK";
/// Sort key of the table.
pub const SK: &str = "SK";
/// When an item may be removed, in seconds since the epoch. Removal lags by days: readers compare it themselves.
pub const TTL: &str = "exp";

/// An index of the table. Both keys are strings.
#[derive(Clone, Copy, Debug)]
pub struct Index {
    /// Its name, which says what it is for.
    pub name: &'static str,
    /// Partition key.
    pub partition: &'static str,
    /// Sort key.
    pub sort: &'static str,
    /// Attributes beside the keys.
    pub projected: &'static [&'static str],
}

/// Everything that something must happen with at some time.
pub const BY_ATTENTION: Index = Index {
    name: "by_attention",
    partition: "att_shard",
    sort: "att_at",
    projected: &[
        "kind", "wait", "id", "ten", "post", "acc", "rev", "nb", "dl", "note",
    ],
};
/// Every delivery that is not final, by the time at which it must be.
pub const BY_DEADLINE: Index = Index {
    name: "by_deadline",
    partition: "dl_shard",
    sort: "dl_at",
    projected: &["kind", "id", "ten", "post", "acc"],
};
/// Heads and deliveries of a tenant by month and due time.
pub const BY_CALENDAR: Index = Index {
    name: "by_calendar",
    partition: "cal_month",
    sort: "cal_at",
    projected: CARD,
};
/// Heads and deliveries of a tenant by creation.
pub const BY_CREATED: Index = Index {
    name: "by_created",
    partition: "cr_ten",
    sort: "cr_post",
    projected: CARD,
};
/// Deliveries of an account that wait for something.
pub const BY_ACCOUNT: Index = Index {
    name: "by_account",
    partition: "ac_acc",
    sort: "ac_due",
    projected: &["id", "post", "acc", "due", "dl"],
};
/// Tenants of a user.
pub const BY_USER: Index = Index {
    name: "by_user",
    partition: "mem_user",
    sort: "mem_ten",
    projected: &["ten", "user", "role", "ca"],
};

/// What a card in the calendar or a list shows.
const CARD: &[&str] = &[
    "ty", "id", "post", "acc", "net", "vis", "due", "link", "snip", "tags", "when", "n", "ua",
];

/// Every index.
pub const INDEXES: [Index; 6] = [
    BY_ATTENTION,
    BY_DEADLINE,
    BY_CALENDAR,
    BY_CREATED,
    BY_ACCOUNT,
    BY_USER,
];

/// Makes the table, unless it exists. Only for local runs and tests; in AWS the template makes it.
///
/// Asks for its time to live: emulators count all items to describe a table, which takes longer than a call may with a
/// hundred thousand posts.
pub async fn create_if_absent(client: &Client, table: &str) -> Result<()> {
    let found = client.describe_time_to_live().table_name(table).send();
    match found.await {
        Ok(found) => {
            let status = found
                .time_to_live_description
                .and_then(|description| description.time_to_live_status);
            if status == Some(TimeToLiveStatus::Enabled) {
                return Ok(());
            }
        }
        Err(error)
            if error
                .as_service_error()
                .is_some_and(DescribeTimeToLiveError::is_resource_not_found_exception) =>
        {
            create(client, table).await?;
        }
        Err(error) => return Err(Error::unavailable("the table", error)),
    }
    enable_time_to_live(client, table).await
}

async fn create(client: &Client, table: &str) -> Result<()> {
    let input = definition(table)
        .map_err(|error| Error::internal("the table's definition is not valid", error))?;
    client
        .create_table()
        .table_name(table)
        .set_attribute_definitions(input.attribute_definitions)
        .set_key_schema(input.key_schema)
        .set_global_secondary_indexes(input.global_secondary_indexes)
        .billing_mode(BillingMode::PayPerRequest)
        .send()
        .await
        .map_err(|error| Error::unavailable("the table", error))?;
    Ok(())
}

async fn enable_time_to_live(client: &Client, table: &str) -> Result<()> {
    let specification = TimeToLiveSpecification::builder()
        .attribute_name(TTL)
        .enabled(true)
        .build()
        .map_err(|error| Error::internal("the table's definition is not valid", error))?;
    client
        .update_time_to_live()
        .table_name(table)
        .time_to_live_specification(specification)
        .send()
        .await
        .map_err(|error| Error::unavailable("the table", error))?;
    Ok(())
}

fn definition(
    table: &str,
) -> std::result::Result<CreateTableInput, aws_sdk_dynamodb::error::BuildError> {
    let mut attributes = vec![string(PK)?, string(SK)?];
    let mut indexes = Vec::new();
    for index in &INDEXES {
        attributes.extend([string(index.partition)?, string(index.sort)?]);
        indexes.push(
            GlobalSecondaryIndex::builder()
                .index_name(index.name)
                .set_key_schema(Some(keys(index.partition, index.sort)?))
                .projection(
                    Projection::builder()
                        .projection_type(ProjectionType::Include)
                        .set_non_key_attributes(Some(
                            index.projected.iter().map(ToString::to_string).collect(),
                        ))
                        .build(),
                )
                .build()?,
        );
    }
    CreateTableInput::builder()
        .table_name(table)
        .set_attribute_definitions(Some(attributes))
        .set_key_schema(Some(keys(PK, SK)?))
        .set_global_secondary_indexes(Some(indexes))
        .build()
}

fn string(
    name: &str,
) -> std::result::Result<AttributeDefinition, aws_sdk_dynamodb::error::BuildError> {
    AttributeDefinition::builder()
        .attribute_name(name)
        .attribute_type(ScalarAttributeType::S)
        .build()
}

fn keys(
    partition: &str,
    sort: &str,
) -> std::result::Result<Vec<KeySchemaElement>, aws_sdk_dynamodb::error::BuildError> {
    Ok(vec![
        KeySchemaElement::builder()
            .attribute_name(partition)
            .key_type(KeyType::Hash)
            .build()?,
        KeySchemaElement::builder()
            .attribute_name(sort)
            .key_type(KeyType::Range)
            .build()?,
    ])
}
