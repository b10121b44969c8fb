//! Queues of the template.

use domain::delivery::timing::{FUNCTION_TIMEOUT, QUEUE_DELAY_MAX};

use crate::template::{application, functions, named, resources};

#[test]
fn every_queue_has_dead_letters_with_an_alarm() {
    let template = application();
    let queues = resources(&template, "AWS::SQS::Queue");
    let watched: Vec<&str> = resources(&template, "AWS::CloudWatch::Alarm")
        .into_values()
        .filter(|alarm| alarm["MetricName"] == "ApproximateNumberOfMessagesVisible")
        .inspect(|alarm| assert_eq!(alarm["Threshold"].as_u64(), Some(1)))
        .map(|alarm| named(&alarm["Dimensions"][0]["Value"]))
        .collect();
    let mut dead_letters = 0;
    for queue in queues.values() {
        let redrive = &queue["RedrivePolicy"];
        if redrive.is_null() {
            dead_letters += 1;
            continue;
        }
        let target = named(&redrive["deadLetterTargetArn"]);
        let target = target.strip_suffix(".Arn").unwrap();
        assert!(queues.contains_key(target));
        assert!(
            watched.contains(&format!("{target}.QueueName").as_str()),
            "no alarm on {target}"
        );
    }

    assert_eq!(dead_letters * 2, queues.len());
}

#[test]
fn message_stays_invisible_for_six_times_the_function() {
    let template = application();
    let publishing = functions(&template)["publishing"];
    let timeout = publishing["Timeout"].as_u64().unwrap();
    let queue = resources(&template, "AWS::SQS::Queue")["DeliveryQueue"];

    assert_eq!(i64::try_from(timeout).unwrap(), FUNCTION_TIMEOUT.as_secs());
    assert!(queue["VisibilityTimeout"].as_u64().unwrap() >= 6 * timeout);
    assert!(
        queue["MessageRetentionPeriod"].as_u64().unwrap()
            > u64::try_from(QUEUE_DELAY_MAX.as_secs()).unwrap()
    );
}

#[test]
fn batch_answers_each_message_by_itself_and_never_waits() {
    let template = application();
    let mapping = &functions(&template)["publishing"]["Events"]["Deliveries"]["Properties"];

    assert_eq!(
        mapping["FunctionResponseTypes"][0],
        "ReportBatchItemFailures"
    );
    assert_eq!(mapping["MaximumBatchingWindowInSeconds"].as_u64(), Some(0));
}

#[test]
fn timers_run_as_often_as_the_protocol_assumes() {
    let template = application();
    let rate = |function: &str| {
        functions(&template)[function]["Events"]["Timer"]["Properties"]["Schedule"].clone()
    };

    assert_eq!(rate("dispatch"), "rate(1 minute)");
    assert_eq!(rate("upkeep"), "rate(5 minutes)");
}
