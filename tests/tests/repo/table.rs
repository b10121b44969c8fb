//! The table of the template and that of the code.

use serde_yaml_ng::Value;
use store::schema::{INDEXES, PK, SK, TTL};

use crate::template::{resources, stored};

fn key_names(schema: &Value) -> Vec<&str> {
    let roles: Vec<&str> = names(schema, "KeyType");
    assert_eq!(roles, ["HASH", "RANGE"]);
    names(schema, "AttributeName")
}

fn names<'a>(list: &'a Value, name: &str) -> Vec<&'a str> {
    let list = list.as_sequence().unwrap();
    list.iter()
        .map(|entry| entry[name].as_str().unwrap())
        .collect()
}

#[test]
fn table_of_the_template_equals_that_of_the_code() {
    let template = stored();
    let table = resources(&template, "AWS::DynamoDB::Table")["Table"];

    assert_eq!(key_names(&table["KeySchema"]), [PK, SK]);
    assert_eq!(table["TimeToLiveSpecification"]["AttributeName"], TTL);
    assert_eq!(table["BillingMode"], "PAY_PER_REQUEST");
    let declared = table["GlobalSecondaryIndexes"].as_sequence().unwrap();
    assert_eq!(declared.len(), INDEXES.len());
    let mut attributes = vec![PK, SK];
    for (declared, index) in declared.iter().zip(INDEXES) {
        assert_eq!(declared["IndexName"], index.name);
        let keys = key_names(&declared["KeySchema"]);
        assert_eq!(keys, [index.partition, index.sort], "{}", index.name);
        let projection = &declared["Projection"];
        assert_eq!(projection["ProjectionType"], "INCLUDE");
        let projected: Vec<&str> = projection["NonKeyAttributes"]
            .as_sequence()
            .unwrap()
            .iter()
            .map(|name| name.as_str().unwrap())
            .collect();
        assert_eq!(projected, index.projected, "{}", index.name);
        attributes.extend([index.partition, index.sort]);
    }
    let typed = &table["AttributeDefinitions"];
    assert_eq!(names(typed, "AttributeName"), attributes);
    assert!(
        names(typed, "AttributeType")
            .iter()
            .all(|kind| *kind == "S")
    );
}

#[test]
fn table_cannot_be_lost_by_a_mistake() {
    let template = stored();
    let table = resources(&template, "AWS::DynamoDB::Table")["Table"];

    assert_eq!(table["DeletionProtectionEnabled"], true);
    assert_eq!(
        table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"],
        true
    );
}
