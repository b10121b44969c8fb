//! What a `User-Agent` header says, in words that people know. It is the caller's own word: never for decisions.

/// Longest name of a program, in characters.
const PROGRAM_MAX: usize = 40;

/// Browsers by what only they write, the imitated after those who imitate them.
const BROWSERS: [(&str, &str); 7] = [
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];

/// Systems, the imitated after those who imitate them.
const SYSTEMS: [(&str, &str); 7] = [
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
];

/// `Firefox on Linux` for a browser, `curl` for a program, nothing for nothing.
pub(crate) fn of(user_agent: &str) -> Option<String> {
    let known = |names: &[(&str, &'static str)]| {
        let found = names.iter().find(|(mark, _)| user_agent.contains(mark));
        found.map(|(_, name)| *name)
    };
    match (known(&BROWSERS), known(&SYSTEMS)) {
        (Some(browser), Some(system)) => Some(format!("{browser} on {system}")),
        (Some(browser), None) => Some(browser.to_owned()),
        (None, _) => {
            let is_plain =
                |character: &char| character.is_ascii_alphanumeric() || "-_.".contains(*character);
            let program: String = user_agent
                .chars()
                .take_while(is_plain)
                .take(PROGRAM_MAX)
                .collect();
            (!program.is_empty()).then_some(program)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn device_is_named_as_its_owner_would() {
        for (user_agent, expected) in [
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
                Some("Firefox on Linux"),
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0",
                Some("Edge on Windows"),
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0 Mobile/15E148 Safari/604.1",
                Some("Safari on iPhone"),
            ),
            ("curl/8.14.1", Some("curl")),
            ("<b>\u{7}", None),
            ("", None),
        ] {
            assert_eq!(of(user_agent).as_deref(), expected, "{user_agent}");
        }
    }

    #[test]
    fn device_with_an_endless_name_is_cut() {
        assert_eq!(of(&"x".repeat(10_000)).unwrap().len(), PROGRAM_MAX);
    }
}
