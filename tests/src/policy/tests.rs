use super::*;

const READS: &str = "Effect: Allow, Action: dynamodb:GetItem";
const OWN: &str = "Resource: !Sub 'arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/${TableName}'";

/// A role with one statement.
fn roles(statement: &str) -> Result<Roles, String> {
    let policy = "Policies: [{ PolicyName: auth, PolicyDocument: { Statement: [{ … }] } }]";
    of_role(&policy.replace('…', statement))
}

fn of_role(properties: &str) -> Result<Roles, String> {
    let template = "
Mappings: { Keys: { User: { Pattern: 'U#*' } } }
Resources: { AuthRole: { Type: 'AWS::IAM::Role', Properties: { … } } }";
    Roles::read(&serde_yaml_ng::from_str(&template.replace('…', properties)).unwrap())
}

fn call(keys: &[&str]) -> TableCall {
    TableCall {
        action: "dynamodb:GetItem".to_owned(),
        index: None,
        keys: keys.iter().map(|key| (*key).to_owned()).collect(),
        ..TableCall::default()
    }
}

#[test]
fn pattern_is_like_what_its_signs_stand_for() {
    assert!(like("T#??#P#*", "T#ab#P#"));
    assert!(like("T#??#P#*", "T#ab#P#post"));
    assert!(!like("T#??", "T#abc"));
    assert!(!like("T#??#P#*", "T#abc#P#post"));
    assert!(like("*", ""));
}

#[test]
fn condition_for_all_values_holds_for_a_call_without_keys() {
    let keys = "Condition: { 'ForAllValues:StringLike': { dynamodb:LeadingKeys: [!FindInMap [Keys, User, Pattern]] } }";
    let roles = roles(&format!("{READS}, {OWN}, {keys}")).unwrap();

    assert!(roles.allow("auth", &call(&["U#ada"])));
    assert!(!roles.allow("auth", &call(&["U#ada", "T#ten"])));
    assert!(roles.allow("auth", &call(&[])));
}

#[test]
fn condition_on_attributes_holds_for_a_call_that_names_no_others() {
    let condition = "Condition: { 'ForAllValues:StringEquals': { dynamodb:Attributes: [PK, SK] } }";
    let roles = roles(&format!("{READS}, {OWN}, {condition}")).unwrap();
    let allows = |attributes: &[&str]| {
        let attributes = attributes.iter().map(|name| (*name).to_owned()).collect();
        let call = call(&["U#ada"]);
        roles.allow("auth", &TableCall { attributes, ..call })
    };

    assert!(allows(&["PK", "SK"]));
    assert!(allows(&["SK"]));
    assert!(!allows(&["PK", "SK", "wrapped"]));
    assert!(!allows(&["pk"]));
    assert!(!allows(&[]));
}

#[test]
fn condition_on_what_is_told_holds_for_what_it_names() {
    for (operator, silent) in [("StringEquals", false), ("StringEqualsIfExists", true)] {
        let values = "[NONE, UPDATED_NEW]";
        let condition =
            format!("Condition: {{ {operator}: {{ dynamodb:ReturnValues: {values} }} }}");
        let roles = roles(&format!("{READS}, {OWN}, {condition}")).unwrap();
        let allows = |returns: Option<&str>| {
            let returns = returns.map(str::to_owned);
            let call = call(&["U#ada"]);
            roles.allow("auth", &TableCall { returns, ..call })
        };

        assert!(allows(Some("NONE")), "{operator}");
        assert!(allows(Some("UPDATED_NEW")), "{operator}");
        assert!(!allows(Some("ALL_NEW")), "{operator}");
        assert_eq!(allows(None), silent, "{operator}");
    }
}

#[test]
fn action_is_the_same_in_capitals_and_by_a_pattern() {
    for action in ["DynamoDB:getitem", "dynamodb:Get*", "dynamodb:*", "'*'"] {
        let roles = roles(&format!("Effect: Allow, Action: {action}, {OWN}")).unwrap();

        assert!(roles.allow("auth", &call(&["U#ada"])), "{action}");
    }
}

#[test]
fn statement_about_something_else_is_left_out() {
    let queue = "Effect: Allow, Action: [sqs:SendMessage], Resource: !GetAtt Queue.Arn";
    let roles = roles(queue).unwrap();

    assert_eq!(roles.statements().count(), 0);
}

#[test]
fn statement_that_is_not_understood_is_refused() {
    for (rest, why) in [
        ("Resource: '*'", "resource"),
        ("Resource: !GetAtt Table.Arn", "resource"),
        ("Resource: !Sub '${Table.Arn}'", "resource"),
        (
            "Resource: !Sub 'arn:${AWS::Partition}:dynamodb:*:*:table/*'",
            "resource",
        ),
        ("NotResource: '*'", "NotResource"),
        (
            "OWN, Condition: { Bool: { aws:SecureTransport: true } }",
            "condition Bool",
        ),
        (
            "OWN, Condition: { 'ForAnyValue:StringLike': { dynamodb:LeadingKeys: a } }",
            "condition ForAnyValue:StringLike",
        ),
        (
            "OWN, Condition: { 'ForAllValues:StringLike': { dynamodb:LeadingKeys: !Ref A } }",
            "no text",
        ),
        (
            "OWN, Condition: { 'ForAllValues:StringLike': { dynamodb:LeadingKeys: !FindInMap [Keys, Nobody, Pattern] } }",
            "no text",
        ),
        ("OWN, Condition: !If [A, B, C]", "no mapping"),
    ] {
        let refused = roles(&format!("{READS}, {}", rest.replace("OWN", OWN))).unwrap_err();

        assert!(refused.contains(why), "{rest}: {refused}");
    }
}

#[test]
fn role_that_gets_rights_in_another_way_is_refused() {
    for (properties, why) in [
        ("ManagedPolicyArns: [a]", "ManagedPolicyArns"),
        ("Policies: [!If [A, B, C]]", "no mapping"),
        (
            "Policies: [{ PolicyName: a, PolicyDocument: { Statement: !Ref A } }]",
            "no mapping",
        ),
        (
            "Policies: [{ PolicyName: a, PolicyDocument: { Statement: [{ NotAction: 'sqs:*' }] } }]",
            "NotAction",
        ),
        (
            "Policies: [{ PolicyName: a, PolicyDocument: { Statement: [{ Action: !Ref A }] } }]",
            "no text",
        ),
    ] {
        let refused = of_role(properties).unwrap_err();

        assert!(refused.contains(why), "{properties}: {refused}");
    }
}
