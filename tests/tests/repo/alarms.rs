//! Alarms of the template and the metrics that functions write.

use cloud::telemetry::{Metric, NAMESPACE};
use serde_yaml_ng::Value;

use crate::files;
use crate::template::{application, resources};

/// The alarms over metrics of ours.
fn own_alarms(template: &Value) -> Vec<(&str, &Value)> {
    let alarms = resources(template, "AWS::CloudWatch::Alarm").into_iter();
    let is_own = |(_, alarm): &(&str, &Value)| {
        let namespace = alarm["Namespace"].as_str().unwrap();
        !namespace.starts_with("AWS/")
    };
    alarms.filter(is_own).collect()
}

#[test]
fn every_alarm_is_over_a_metric_that_its_function_writes() {
    let template = application();
    let alarms = own_alarms(&template);
    assert!(alarms.len() > 3, "{}", alarms.len());

    for (name, alarm) in alarms {
        assert_eq!(alarm["Namespace"], NAMESPACE, "{name}");
        let metric = Metric::ALL
            .into_iter()
            .find(|metric| alarm["MetricName"] == metric.name())
            .unwrap_or_else(|| panic!("{name}: nobody writes {:?}", alarm["MetricName"]));
        // A metric is found under all of its dimensions only, and these have no other.
        let dimensions = alarm["Dimensions"].as_sequence().unwrap();
        assert_eq!(dimensions.len(), 1, "{name}");
        assert_eq!(dimensions[0]["Name"], "function", "{name}");
        let function = dimensions[0]["Value"].as_str().unwrap();
        assert!(files::FUNCTIONS.contains(&function), "{name}: {function}");
        let source = files::sources(&format!("functions/{function}"));
        for written in [
            format!("Metrics::new(\"{function}\")"),
            format!("(Metric::{metric:?},"),
        ] {
            assert!(source.contains(&written), "{name}: no {written}");
        }
    }
}

#[test]
fn every_alarm_says_when_it_ends_and_what_to_do() {
    let template = application();
    for (name, alarm) in resources(&template, "AWS::CloudWatch::Alarm") {
        for actions in ["AlarmActions", "OKActions"] {
            assert!(alarm[actions].is_sequence(), "{name}: {actions}");
        }
        assert!(alarm["TreatMissingData"].is_string(), "{name}");
    }
    for (name, alarm) in own_alarms(&template) {
        let description = alarm["AlarmDescription"].as_str().unwrap();
        assert!(description.contains("docs/runbooks/"), "{name}");
    }
}
