use super::*;

fn environment<'a>(variables: &[(&'a str, &'a str)]) -> BTreeMap<&'a str, &'a str> {
    variables.iter().copied().collect()
}

#[test]
fn configuration_with_several_faults_lists_all_of_them() {
    let environment = environment(&[
        ("M1A_DELIVERY_QUEUE_URL", "ftp://nowhere"),
        ("M1A_ATTENTION_SHARDS", "0"),
        ("M1A_MAIL_FROM", ""),
    ]);

    let errors =
        load::<(TableConfig, QueueConfig, MailConfig, PublicUrlConfig)>(&environment).unwrap_err();

    assert_eq!(
        errors.to_string(),
        "the configuration is not valid\
         \n  M1A_TABLE is not set: expected a name of 1 to 255 letters, digits, dashes, underscores and dots\
         \n  M1A_ATTENTION_SHARDS is not valid: expected a whole number above zero\
         \n  M1A_DELIVERY_QUEUE_URL is not valid: expected an http or https address\
         \n  M1A_MAIL_FROM is not set: expected a text\
         \n  M1A_PUBLIC_URL is not set: expected an http or https address"
    );
}

#[test]
fn configuration_reads_every_variable_that_it_names() {
    type All = (
        DeploymentConfig,
        TableConfig,
        (QueueConfig, DispatchQueueConfig),
        KeyConfig,
        BucketConfig,
        MailConfig,
        NetworksConfig,
        PublicUrlConfig,
    );
    struct Recorder(std::cell::RefCell<Vec<String>>);
    impl Environment for Recorder {
        fn get(&self, name: &str) -> Option<String> {
            self.0.borrow_mut().push(name.to_owned());
            None
        }
    }
    let recorder = Recorder(std::cell::RefCell::default());

    load::<All>(&recorder).unwrap_err();

    assert_eq!(recorder.0.into_inner(), All::variables());
}

#[test]
fn configuration_without_optional_variables_has_the_defaults() {
    let environment = environment(&[("M1A_TABLE", "m1autoposter")]);

    let (table, logs) = load::<(TableConfig, LogConfig)>(&environment).unwrap();

    assert_eq!(table.attention_shards, 16);
    assert_eq!(logs.level, LevelFilter::INFO);
}

#[test]
fn service_endpoint_wins_over_the_common_one() {
    let environment = environment(&[
        ("AWS_REGION", "eu-central-1"),
        ("AWS_ACCESS_KEY_ID", "id"),
        ("AWS_SECRET_ACCESS_KEY", "canary-secret"),
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:4566"),
        ("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:4567"),
    ]);

    let (aws,) = load::<(AwsConfig,)>(&environment).unwrap();

    assert_eq!(
        aws.endpoints.dynamodb.as_deref(),
        Some("http://127.0.0.1:4567/")
    );
    assert_eq!(aws.endpoints.s3.as_deref(), Some("http://127.0.0.1:4566/"));
    assert!(!format!("{aws:?}").contains("canary"));
}

#[test]
fn private_servers_are_whole_origins_or_refused() {
    let read = |servers: &str| {
        let environment = environment(&[("M1A_PRIVATE_SERVERS", servers)]);
        load::<(NetworksConfig,)>(&environment).map(|(networks,)| networks.private_servers)
    };
    let two: Vec<Url> = ["http://127.0.0.1:2583/", "https://pds.corp.internal/"]
        .map(|server| server.parse().unwrap())
        .to_vec();

    assert_eq!(read("").unwrap(), []);
    assert_eq!(
        read("http://127.0.0.1:2583  https://pds.corp.internal").unwrap(),
        two
    );
    for wrong in [
        "pds.corp.internal",
        "ftp://pds.corp.internal",
        "https://pds.corp.internal/path",
        "https://pds.corp.internal?query",
        "https://user@pds.corp.internal",
        "https://a.corp.internal,https://b.corp.internal",
    ] {
        assert!(read(wrong).is_err(), "{wrong}");
    }
}
