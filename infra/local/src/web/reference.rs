//! The reference page of the API, written from the OpenAPI document: no script, nothing from elsewhere.
#![expect(
    clippy::indexing_slicing,
    reason = "indexing a JSON value answers null where there is nothing"
)]

use std::fmt::Write as _;

use serde_json::Value;

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];
const STYLE: &str = "
    :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
    body { max-width: 60rem; margin: 0 auto; padding: 1rem }
    section { border-top: 1px solid #8886; padding: .5rem 0 }
    h2 { font-size: 1rem; overflow-wrap: anywhere } code, pre { font-family: ui-monospace, monospace }
    .method { display: inline-block; min-width: 4rem; font-weight: 700; text-transform: uppercase }
    pre { overflow-x: auto; padding: .5rem; background: #8882; border-radius: .25rem }
    table { border-collapse: collapse } td, th { text-align: left; vertical-align: top; padding: .1rem 1rem .1rem 0 }
";

/// The page for `document`.
pub(crate) fn page(document: &Value) -> String {
    let title = text(&document["info"]["title"]);
    let mut page = format!(
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content=\"width=device-width\">\
         <title>{title} API</title><style>{STYLE}</style><h1>{title} API</h1><p>{}</p>\
         <p>The same as a document for programs: <a href=/openapi.json>openapi.json</a></p>",
        text(&document["info"]["description"])
    );
    for (path, item) in members(&document["paths"]) {
        for method in METHODS {
            if let Some(operation) = item.get(method) {
                write_operation(&mut page, path, method, operation);
            }
        }
    }
    page.push_str("<h1>Schemas</h1>");
    for (name, schema) in members(&document["components"]["schemas"]) {
        let name = escape(name);
        push(
            &mut page,
            format_args!("<section id=\"{name}\"><h2>{name}</h2>"),
        );
        write_schema(&mut page, schema);
        page.push_str("</section>");
    }
    page
}

fn write_operation(page: &mut String, path: &str, method: &str, operation: &Value) {
    let summary = text(&operation["summary"]);
    let description = text(&operation["description"]);
    let access = text(&operation["x-permission"]);
    push(
        page,
        format_args!(
            "<section><h2><span class=method>{method}</span><code>{}</code></h2><p>{summary} {description}</p>",
            escape(path)
        ),
    );
    if !access.is_empty() {
        push(page, format_args!("<p>Access: <code>{access}</code></p>"));
    }
    let parameters = operation["parameters"]
        .as_array()
        .map_or(&[][..], Vec::as_slice);
    if !parameters.is_empty() {
        page.push_str("<table><tr><th>Parameter<th>In<th>Meaning");
        for parameter in parameters {
            push(
                page,
                format_args!(
                    "<tr><td><code>{}</code><td>{}<td>{}",
                    text(&parameter["name"]),
                    text(&parameter["in"]),
                    text(&parameter["description"])
                ),
            );
        }
        page.push_str("</table>");
    }
    for (kind, content) in members(&operation["requestBody"]["content"]) {
        push(page, format_args!("<h3>Body ({})</h3>", escape(kind)));
        write_schema(page, &content["schema"]);
    }
    page.push_str("<table><tr><th>Answer<th>Meaning<th>Body");
    for (status, answer) in members(&operation["responses"]) {
        let bodies: Vec<String> = members(&answer["content"])
            .map(|(_, content)| shape(&content["schema"]))
            .collect();
        push(
            page,
            format_args!(
                "<tr><td><code>{}</code><td>{}<td>{}",
                escape(status),
                text(&answer["description"]),
                bodies.join(", ")
            ),
        );
    }
    page.push_str("</table></section>");
}

fn write_schema(page: &mut String, schema: &Value) {
    if schema.get("properties").is_none() {
        push(
            page,
            format_args!("<p>{} {}</p>", shape(schema), text(&schema["description"])),
        );
        return;
    }
    push(
        page,
        format_args!("<p>{}</p>", text(&schema["description"])),
    );
    let required: Vec<&str> = schema["required"]
        .as_array()
        .map_or(&[][..], Vec::as_slice)
        .iter()
        .filter_map(Value::as_str)
        .collect();
    page.push_str("<table><tr><th>Field<th>Type<th>Meaning");
    for (name, field) in members(&schema["properties"]) {
        let mark = if required.contains(&name) {
            ""
        } else {
            " (optional)"
        };
        push(
            page,
            format_args!(
                "<tr><td><code>{}</code>{mark}<td>{}<td>{}",
                escape(name),
                shape(field),
                text(&field["description"])
            ),
        );
    }
    page.push_str("</table>");
}

/// A schema in a few words, with links to the named ones.
fn shape(schema: &Value) -> String {
    if let Some(name) = schema["$ref"]
        .as_str()
        .and_then(|path| path.rsplit('/').next())
    {
        let name = escape(name);
        return format!("<a href=\"#{name}\">{name}</a>");
    }
    for choice in ["oneOf", "anyOf", "allOf"] {
        if let Some(variants) = schema[choice].as_array() {
            let joint = if choice == "allOf" { " and " } else { " or " };
            return variants.iter().map(shape).collect::<Vec<_>>().join(joint);
        }
    }
    if let Some(values) = schema["enum"].as_array() {
        let values: Vec<String> = values
            .iter()
            .map(|value| format!("<code>{}</code>", escape(&value.to_string())))
            .collect();
        return values.join(" ");
    }
    match &schema["type"] {
        Value::String(kind) if kind == "array" => format!("list of {}", shape(&schema["items"])),
        Value::String(kind) => escape(kind),
        Value::Array(kinds) => kinds.iter().map(text).collect::<Vec<_>>().join(" or "),
        Value::Object(_) if schema.get("properties").is_some() => "object".to_owned(),
        _ => "any".to_owned(),
    }
}

fn members(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.as_str(), value))
}

fn text(value: &Value) -> String {
    escape(value.as_str().unwrap_or_default())
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

fn push(page: &mut String, arguments: std::fmt::Arguments<'_>) {
    // Writing into a text cannot fail.
    let _ = page.write_fmt(arguments);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn page_names_every_operation_parameter_and_schema_and_escapes_texts() {
        let document = json!({
            "info": { "title": "T", "description": "a < b" },
            "paths": { "/v1/posts/{id}": { "patch": {
                "summary": "Change a post",
                "parameters": [{ "name": "If-Match", "in": "header", "description": "the version" }],
                "requestBody": { "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Change" } } } },
                "responses": { "200": { "description": "changed" } },
                "x-permission": "schedule_posts",
            } } },
            "components": { "schemas": { "Change": {
                "type": "object",
                "required": ["text"],
                "properties": { "text": { "type": "string" }, "tags": { "type": "array", "items": { "type": "string" } } },
            } } },
        });

        let page = page(&document);

        for part in [
            "<span class=method>patch</span><code>/v1/posts/{id}</code>",
            "If-Match",
            "a &lt; b",
            "<a href=\"#Change\">Change</a>",
            "<section id=\"Change\">",
            "<code>tags</code> (optional)<td>list of string",
            "schedule_posts",
        ] {
            assert!(page.contains(part), "{part} in {page}");
        }
        assert!(!page.contains("<script"));
    }
}
