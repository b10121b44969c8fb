//! Top-level domains that make a word with dots a link. Without such a list "e.g." or "end.Next" would become links.

/// The generic ones that people use most (Radix registry statistics and the sponsored ones); a word under any other
/// can still be written as a link with `https://`. Sorted, for the search.
const GENERIC: [&str; 96] = [
    "academy",
    "agency",
    "app",
    "art",
    "asia",
    "bank",
    "berlin",
    "bike",
    "biz",
    "blog",
    "business",
    "cafe",
    "care",
    "cat",
    "center",
    "church",
    "city",
    "cloud",
    "club",
    "coffee",
    "com",
    "community",
    "company",
    "coop",
    "design",
    "dev",
    "digital",
    "edu",
    "education",
    "email",
    "energy",
    "events",
    "expert",
    "finance",
    "fit",
    "foundation",
    "fun",
    "gallery",
    "games",
    "global",
    "gov",
    "group",
    "guide",
    "guru",
    "health",
    "help",
    "host",
    "house",
    "info",
    "ink",
    "int",
    "international",
    "jobs",
    "kim",
    "land",
    "law",
    "legal",
    "life",
    "link",
    "live",
    "london",
    "love",
    "market",
    "marketing",
    "media",
    "mil",
    "mobi",
    "museum",
    "name",
    "net",
    "network",
    "news",
    "ngo",
    "ninja",
    "one",
    "online",
    "org",
    "page",
    "photography",
    "pro",
    "shop",
    "site",
    "social",
    "software",
    "solutions",
    "space",
    "store",
    "studio",
    "support",
    "team",
    "tech",
    "today",
    "travel",
    "website",
    "world",
    "xyz",
];

/// All country codes in use (ISO 3166-1 with `ac`, `eu`, `su`, `uk`). Sorted.
const COUNTRIES: &str = "ac ad ae af ag ai al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bm bn bo br bs bt \
    bw by bz ca cc cd cf cg ch ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec ee eg er es et eu fi fj fk fm \
    fo fr ga gd ge gf gg gh gi gl gm gn gp gq gr gs gt gu gw gy hk hm hn hr ht hu id ie il im in io iq ir is it je jm jo \
    jp ke kg kh ki km kn kp kr kw ky kz la lb lc li lk lr ls lt lu lv ly ma mc md me mg mh mk ml mm mn mo mp mq mr ms mt \
    mu mv mw mx my mz na nc ne nf ng ni nl no np nr nu nz om pa pe pf pg ph pk pl pm pn pr ps pt pw py qa re ro rs ru rw \
    sa sb sc sd se sg sh si sk sl sm sn so sr ss st su sv sx sy sz tc td tf tg th tj tk tl tm tn to tr tt tv tw tz ua ug \
    uk us uy uz va vc ve vg vi vn vu wf ws ye yt za zm zw";

/// Whether `label` is a top-level domain that people type without `https://`.
pub(crate) fn is_top_level(label: &str) -> bool {
    let label = label.to_ascii_lowercase();
    if label.len() == 2 {
        COUNTRIES.split_whitespace().any(|country| country == label)
    } else {
        GENERIC.binary_search(&label.as_str()).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generic_domains_are_sorted_for_the_search() {
        assert!(GENERIC.is_sorted());
    }

    #[test]
    fn top_level_domain_is_recognised_in_any_case() {
        assert!(is_top_level("org") && is_top_level("DE") && is_top_level("social"));
        assert!(!is_top_level("next") && !is_top_level("zz") && !is_top_level("g"));
    }
}
