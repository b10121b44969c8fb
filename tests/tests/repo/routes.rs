//! Routes of the code, of the API's document and of the template.

use std::collections::BTreeSet;

use crate::files::{HTTP_FUNCTIONS, sources};
use crate::openapi::snapshot;
use crate::template::{application, functions};

/// The paths that a function's handlers declare: in its annotations, or as an argument of a macro that makes them.
fn declared_by(function: &str) -> BTreeSet<String> {
    let source = sources(&format!("functions/{function}"));
    ["\"/v1/", "\"/.well-known/"]
        .into_iter()
        .flat_map(|beginning| {
            let prefix = beginning.trim_start_matches('"');
            let rests = source.split(beginning).skip(1);
            rests.map(move |rest| format!("{prefix}{}", rest.split('"').next().unwrap()))
        })
        // Addresses that are put together, such as `Location`.
        .filter(|path| !path.contains("{}"))
        .collect()
}

/// The paths that the template sends to a function.
fn sent_to(function: &str) -> Vec<String> {
    let template = application();
    let events = functions(&template)[function]["Events"].clone();
    events
        .as_mapping()
        .unwrap()
        .values()
        .filter(|event| event["Type"] == "HttpApi")
        .map(|event| {
            let properties = &event["Properties"];
            assert_eq!(properties["PayloadFormatVersion"], "2.0");
            properties["Path"].as_str().unwrap().to_owned()
        })
        .collect()
}

fn matches(route: &str, path: &str) -> bool {
    match route.strip_suffix("{proxy+}") {
        Some(prefix) => path
            .strip_prefix(prefix)
            .is_some_and(|rest| !rest.is_empty()),
        None => route == path,
    }
}

/// The functions that the gateway sends a path to: a route of a whole path comes before those of all paths below one.
fn receivers<'a>(sent: &[(&'a str, Vec<String>)], path: &str) -> Vec<&'a str> {
    let having = |is_route: fn(&str, &str) -> bool| -> Vec<&'a str> {
        let sent = sent.iter();
        sent.filter(|(_, routes)| routes.iter().any(|route| is_route(route, path)))
            .map(|(function, _)| *function)
            .collect()
    };
    let whole = having(|route, path| route == path);
    if whole.is_empty() {
        having(matches)
    } else {
        whole
    }
}

#[test]
fn every_path_is_sent_to_the_function_that_has_it() {
    let sent = HTTP_FUNCTIONS.map(|function| (function, sent_to(function)));
    for function in HTTP_FUNCTIONS {
        for path in declared_by(function) {
            assert_eq!(receivers(&sent, &path), [function], "{path}");
        }
    }
}

#[test]
fn every_prefix_of_the_template_has_a_path() {
    for function in HTTP_FUNCTIONS {
        let declared = declared_by(function);
        for route in sent_to(function) {
            let prefix = route.trim_end_matches("/{proxy+}");
            let has_path = declared.iter().any(|path| path.starts_with(prefix));

            assert!(has_path || route == "$default", "{function}: {route}");
        }
    }
}

#[test]
fn paths_of_the_document_are_those_of_the_functions() {
    let declared: BTreeSet<String> = HTTP_FUNCTIONS.into_iter().flat_map(declared_by).collect();
    let described: BTreeSet<String> = snapshot()["paths"]
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .collect();

    assert_eq!(described, declared);
}
