//! Counting and shortening text the way people and networks do.

use unicode_segmentation::UnicodeSegmentation;

/// Grapheme clusters (Unicode Annex 29): what people see as characters.
pub fn graphemes(text: &str) -> usize {
    text.graphemes(true).count()
}

/// Whether `text` has more than `most` grapheme clusters; stops counting there.
pub fn has_more_graphemes_than(text: &str, most: usize) -> bool {
    text.graphemes(true).nth(most).is_some()
}

/// The first `most` grapheme clusters of the text on one line, with an ellipsis where something was cut.
pub fn snippet(text: &str, most: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if !has_more_graphemes_than(&line, most) {
        return line;
    }
    let mut short: String = line.graphemes(true).take(most.saturating_sub(1)).collect();
    short.truncate(short.trim_end().len());
    short.push('…');
    short
}

/// Whether a text has a control character other than line breaks and tabs.
pub fn has_control_characters(text: &str) -> bool {
    text.chars()
        .any(|character| character.is_control() && !matches!(character, '\n' | '\r' | '\t'))
}

/// Longest address of something on the web, in bytes; browsers take no more.
pub const WEB_ADDRESS_MAX: usize = 2_048;

/// Whether a text is the address of something on the web, and nothing that a browser would run.
pub fn is_web_address(text: &str) -> bool {
    let has_scheme = ["https://", "http://"]
        .iter()
        .any(|scheme| text.starts_with(scheme));
    has_scheme && text.len() <= WEB_ADDRESS_MAX && text.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn address_that_is_none_of_the_web_is_told_from_one() {
        assert!(is_web_address(
            "https://bsky.app/profile/ada.example/post/3k"
        ));
        for text in [
            "",
            "javascript:alert(1)",
            "HTTPS://example.com",
            "https://example.com/a b",
            " https://example.com",
        ] {
            assert!(!is_web_address(text), "{text}");
        }
        let long = format!("https://example.com/{}", "x".repeat(WEB_ADDRESS_MAX));
        assert!(!is_web_address(&long));
    }

    #[test]
    fn graphemes_of_a_family_emoji_are_one() {
        assert_eq!(graphemes("👨‍👩‍👧‍👦"), 1);
        assert_eq!(graphemes("e\u{301}"), 1);
        assert_eq!(graphemes("日本"), 2);
    }

    #[test]
    fn has_more_graphemes_than_the_exact_length_is_false() {
        assert!(!has_more_graphemes_than("abc", 3));
        assert!(has_more_graphemes_than("abcd", 3));
        assert!(!has_more_graphemes_than("", 0));
    }

    #[test]
    fn snippet_of_a_long_text_ends_with_an_ellipsis() {
        assert_eq!(snippet("one\n two   three", 20), "one two three");
        assert_eq!(snippet("one two three", 8), "one two…");
        assert_eq!(snippet("👨‍👩‍👧‍👦👨‍👩‍👧‍👦👨‍👩‍👧‍👦", 2), "👨‍👩‍👧‍👦…");
    }

    #[test]
    fn control_characters_are_found_but_line_breaks_allowed() {
        assert!(!has_control_characters("a\r\n\tb"));
        assert!(has_control_characters("a\u{0}b"));
    }
}
