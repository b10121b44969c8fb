//! Finds links, mentions and hashtags in a text. The network links nothing by itself: a post carries the byte range
//! (UTF-8, end exclusive) and the meaning of each.

use domain::text::has_more_graphemes_than;
use url::Url;

use super::domains::is_top_level;

/// Limits of a hashtag in the record's schema.
const TAG_GRAPHEMES_MAX: usize = 64;
const TAG_BYTES_MAX: usize = 640;

/// A part of the text that means something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    /// First byte.
    pub(crate) start: usize,
    /// Byte after the last.
    pub(crate) end: usize,
    pub(crate) meaning: Meaning,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    Link {
        uri: String,
    },
    /// Without `@`.
    Mention {
        handle: String,
    },
    /// Without `#`.
    Tag {
        tag: String,
    },
}

impl Span {
    /// The handle that it mentions.
    pub(crate) fn handle(&self) -> Option<String> {
        match &self.meaning {
            Meaning::Mention { handle } => Some(handle.clone()),
            Meaning::Link { .. } | Meaning::Tag { .. } => None,
        }
    }
}

/// All spans in order; they never overlap, since each lies in a word of its own.
pub(crate) fn detect(text: &str) -> Vec<Span> {
    words(text)
        .filter_map(|(start, word)| {
            let opened = word
                .trim_start_matches(['(', '[', '{', '<', '"', '\'', '“', '‘', '«', '„', '¿', '¡']);
            let start = start + (word.len() - opened.len());
            span(start, opened)
        })
        .collect()
}

/// The words between white space, with their first byte.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.split(char::is_whitespace)
        .scan(0, |next, word| {
            let start = *next;
            // Every separator is one character, whose length shows in the distance of the parts.
            let after = start + word.len();
            *next = after
                + text
                    .get(after..)
                    .and_then(|rest| rest.chars().next())
                    .map_or(0, char::len_utf8);
            Some((start, word))
        })
        .filter(|(_, word)| !word.is_empty())
}

fn span(start: usize, word: &str) -> Option<Span> {
    if let Some(handle) = word.strip_prefix('@') {
        return mention(start, handle);
    }
    if let Some(tag) = word.strip_prefix(['#', '＃']) {
        return hashtag(start, word.len() - tag.len(), tag);
    }
    if let Some(offset) = find_scheme(word) {
        return link(start + offset, word.get(offset..)?);
    }
    bare_domain(start, word)
}

fn mention(start: usize, rest: &str) -> Option<Span> {
    let length = rest
        .find(|character: char| {
            !(character.is_ascii_alphanumeric() || matches!(character, '.' | '-'))
        })
        .unwrap_or(rest.len());
    let handle = rest.get(..length)?.trim_end_matches(['.', '-']);
    is_handle(handle).then(|| Span {
        start,
        end: start + 1 + handle.len(),
        meaning: Meaning::Mention {
            handle: handle.to_ascii_lowercase(),
        },
    })
}

/// The syntax of a handle (atproto.com/specs/handle).
fn is_handle(text: &str) -> bool {
    let last_starts_with_letter = text
        .rsplit('.')
        .next()
        .is_some_and(|last| last.starts_with(|first: char| first.is_ascii_alphabetic()));
    text.len() <= 253
        && text.contains('.')
        && text.split('.').all(is_label)
        && last_starts_with_letter
}

fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn hashtag(start: usize, sign: usize, rest: &str) -> Option<Span> {
    // `#` with a variation selector is the key-cap emoji.
    if rest.starts_with('\u{fe0f}') {
        return None;
    }
    let length = rest.find(is_invisible).unwrap_or(rest.len());
    let tag = rest.get(..length)?.trim_end_matches(is_punctuation);
    let says_something = tag
        .chars()
        .any(|character| !character.is_numeric() && !is_punctuation(character));
    let fits = tag.len() <= TAG_BYTES_MAX && !has_more_graphemes_than(tag, TAG_GRAPHEMES_MAX);
    (says_something && fits).then(|| Span {
        start,
        end: start + sign + tag.len(),
        meaning: Meaning::Tag {
            tag: tag.to_owned(),
        },
    })
}

fn is_invisible(character: char) -> bool {
    matches!(character, '\u{ad}' | '\u{200b}' | '\u{2060}' | '\u{feff}')
}

fn is_punctuation(character: char) -> bool {
    character.is_ascii_punctuation()
        || matches!(
            character,
            '…' | '。'
                | '、'
                | '！'
                | '？'
                | '，'
                | '：'
                | '；'
                | '“'
                | '”'
                | '‘'
                | '’'
                | '«'
                | '»'
        )
        || matches!(character, '）' | '」' | '』' | '—' | '–' | '·' | '¡' | '¿')
}

/// Where a link begins inside a word: at its start, or behind something that is not a letter or digit of a name.
fn find_scheme(word: &str) -> Option<usize> {
    let lower = word.to_ascii_lowercase();
    ["https://", "http://"]
        .into_iter()
        .filter_map(|scheme| lower.find(scheme))
        .min()
        .filter(|offset| {
            let before = word
                .get(..*offset)
                .and_then(|before| before.chars().next_back());
            !before.is_some_and(|character| character.is_ascii_alphanumeric())
        })
}

fn link(start: usize, word: &str) -> Option<Span> {
    let uri = without_closing(word);
    let url = Url::parse(uri).ok()?;
    url.host_str().filter(|host| !host.is_empty())?;
    Some(Span {
        start,
        end: start + uri.len(),
        meaning: Meaning::Link {
            uri: uri.to_owned(),
        },
    })
}

fn bare_domain(start: usize, word: &str) -> Option<Span> {
    let shown = without_closing(word);
    let name_length = shown.find(['/', '?', '#', ':']).unwrap_or(shown.len());
    let name = shown.get(..name_length)?;
    let top_level = name.rsplit('.').next()?;
    if !is_handle(name) || !is_top_level(top_level) {
        return None;
    }
    let uri = format!("https://{shown}");
    Url::parse(&uri).ok()?;
    Some(Span {
        start,
        end: start + shown.len(),
        meaning: Meaning::Link { uri },
    })
}

/// Cuts the punctuation of the sentence off a link. A closing bracket belongs to the link if it was opened there.
fn without_closing(word: &str) -> &str {
    let mut link = word;
    loop {
        let Some(last) = link.chars().next_back() else {
            return link;
        };
        let belongs = match last {
            ')' => link.contains('('),
            ']' => link.contains('['),
            '}' => link.contains('{'),
            '.' | ',' | ';' | ':' | '!' | '?' | '"' | '\'' | '>' | '*' | '”' | '’' | '»' | '…'
            | '。' | '、' | '）' | '」' => false,
            _ => true,
        };
        if belongs {
            return link;
        }
        link = link.get(..link.len() - last.len_utf8()).unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Each span as the text that it covers and its meaning in short.
    fn spans(text: &str) -> Vec<(&str, String)> {
        detect(text)
            .into_iter()
            .map(|span| {
                let meaning = match span.meaning {
                    Meaning::Link { uri } => uri,
                    Meaning::Mention { handle } => format!("@{handle}"),
                    Meaning::Tag { tag } => format!("#{tag}"),
                };
                (&text[span.start..span.end], meaning)
            })
            .collect()
    }

    fn assert_spans(text: &str, expected: &[(&str, &str)]) {
        let found = spans(text);
        let found: Vec<_> = found
            .iter()
            .map(|(shown, meaning)| (*shown, meaning.as_str()))
            .collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn link_with_a_scheme_is_found_without_the_punctuation_around_it() {
        let plain = [("https://example.org/a?b=c#d", "https://example.org/a?b=c#d")];
        assert_spans("https://example.org/a?b=c#d", &plain);
        assert_spans("see https://example.org/a?b=c#d.", &plain);
        assert_spans("(https://example.org/a?b=c#d)!", &plain);
        assert_spans("“https://example.org/a?b=c#d”", &plain);
        assert_spans("例https://example.org/a?b=c#d", &plain);
        assert_spans(
            "HTTP://EXAMPLE.ORG",
            &[("HTTP://EXAMPLE.ORG", "HTTP://EXAMPLE.ORG")],
        );
        assert_spans(
            "https://en.example.org/wiki/Rust_(language)",
            &[(
                "https://en.example.org/wiki/Rust_(language)",
                "https://en.example.org/wiki/Rust_(language)",
            )],
        );
        assert_spans("http:// https://, xhttps://example.org", &[]);
    }

    #[test]
    fn bare_domain_becomes_an_https_link() {
        assert_spans(
            "Docs: example.org",
            &[("example.org", "https://example.org")],
        );
        assert_spans(
            "go to www.example.co.uk/a/b, now",
            &[("www.example.co.uk/a/b", "https://www.example.co.uk/a/b")],
        );
        assert_spans(
            "example.com:8080/x",
            &[("example.com:8080/x", "https://example.com:8080/x")],
        );
        assert_spans(
            "e.g. this...that 1.5 v2.0 end.Next a@example.org main.rst",
            &[],
        );
    }

    #[test]
    fn mention_needs_a_valid_handle() {
        assert_spans(
            "hi @alice.bsky.social!",
            &[("@alice.bsky.social", "@alice.bsky.social")],
        );
        assert_spans("(@Alice.Test's)", &[("@Alice.Test", "@alice.test")]);
        assert_spans("@alice @ @.. @-a.org @a..org me@example.org", &[]);
    }

    #[test]
    fn hashtag_ends_before_punctuation() {
        assert_spans(
            "#rust, #Öl. (#日本) #a_b #2026goals",
            &[
                ("#rust", "#rust"),
                ("#Öl", "#Öl"),
                ("#日本", "#日本"),
                ("#a_b", "#a_b"),
                ("#2026goals", "#2026goals"),
            ],
        );
        assert_spans("＃全角", &[("＃全角", "#全角")]);
        assert_spans("# #1 #! #️⃣", &[]);
    }

    #[test]
    fn hashtag_longer_than_the_limit_is_plain_text() {
        assert_eq!(spans(&format!("#{}", "x".repeat(64))).len(), 1);
        assert_eq!(spans(&format!("#{}", "x".repeat(65))).len(), 0);
        assert_eq!(spans(&format!("#{}", "👨‍👩‍👧‍👦".repeat(40))).len(), 0);
    }

    #[test]
    fn byte_ranges_count_utf8() {
        let found = detect("👩🏽‍🚀 ü https://example.org");

        assert_eq!((found[0].start, found[0].end), (19, 38));
    }

    proptest! {
        #[test]
        fn spans_of_any_text_are_ordered_disjoint_and_on_character_boundaries(
            text in "(([a-z.]{0,6}|https?://|@|#|＃|\\PC{0,3}|example\\.org|[()!,.])|[ \u{2003}\n]){0,40}"
        ) {
            let mut before = 0;
            for span in detect(&text) {
                prop_assert!(before <= span.start && span.start < span.end);
                prop_assert!(text.get(span.start..span.end).is_some());
                before = span.end;
            }
        }
    }
}
