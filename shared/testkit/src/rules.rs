//! Rules of networks.

use domain::network::{MediaRules, RepeatRule, Rules, TextRules};

/// Rules of a network that only says how often one may post there: so many seconds apart, so many times a day. Zero is
/// no limit.
pub fn pace(gap_seconds: u32, daily_posts_max: u32) -> Rules {
    Rules {
        text: TextRules {
            graphemes_max: 1,
            bytes_max: 1,
            optional_with_media: false,
        },
        media: MediaRules {
            images_max: 0,
            image_types: &[],
            image_bytes_max: 0,
            alt_text_max: 0,
            videos_max: 0,
        },
        thread_parts_max: 0,
        repeat: RepeatRule::Nothing,
        gap_seconds,
        daily_posts_max,
    }
}
