//! The languages of the pages: English and Chinese.

use http::{HeaderMap, header};

use super::Words;
use super::words::{CHINESE, ENGLISH};

/// A language of the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    /// English, where nothing else is asked for.
    English,
    /// Chinese in simplified characters.
    Chinese,
}

impl Language {
    /// What the pages say in it.
    pub(crate) const fn words(self) -> &'static Words {
        match self {
            Self::English => &ENGLISH,
            Self::Chinese => &CHINESE,
        }
    }

    /// Of a tag such as `zh-CN`, `zh_HK` or `en-GB`; `None` for a language without pages.
    pub(crate) fn of_tag(tag: &str) -> Option<Self> {
        let primary = tag.split(['-', '_']).next().unwrap_or_default().trim();
        if primary.eq_ignore_ascii_case("zh") {
            Some(Self::Chinese)
        } else if primary.eq_ignore_ascii_case("en") {
            Some(Self::English)
        } else {
            None
        }
    }

    /// What the browser likes best of what there is (RFC 9110, section 12.5.4).
    pub(crate) fn of_browser(headers: &HeaderMap) -> Self {
        let line = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        let mut best = (0_u32, Self::English);
        for part in line.unwrap_or_default().split(',') {
            let (tag, quality) = part.split_once(';').unwrap_or((part, "q=1"));
            let weight = thousandths(quality);
            if let Some(language) = Self::of_tag(tag)
                && weight > best.0
            {
                best = (weight, language);
            }
        }
        best.1
    }

    /// The order's language, else the browser's.
    pub(crate) fn of_order(tag: Option<&str>, headers: &HeaderMap) -> Self {
        tag.and_then(Self::of_tag).unwrap_or_else(|| Self::of_browser(headers))
    }
}

/// `q=0.8` as 800; what cannot be read counts as nothing.
fn thousandths(quality: &str) -> u32 {
    let digits = quality.trim().trim_start_matches(['q', 'Q']).trim_start_matches('=');
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let fraction: String = fraction.chars().chain("000".chars()).take(3).collect();
    match (whole.trim().parse::<u32>(), fraction.parse::<u32>()) {
        (Ok(whole), Ok(fraction)) => whole.min(1) * 1000 + fraction.min(999),
        (Ok(_) | Err(_), _) => 0,
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn browser(line: &'static str) -> Language {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_LANGUAGE, HeaderValue::from_static(line));
        Language::of_browser(&headers)
    }

    #[test]
    fn the_order_decides_then_the_browser() {
        assert_eq!(browser("de-DE,zh-CN;q=0.8,en;q=0.7"), Language::Chinese);
        assert_eq!(browser("en;q=0.9, zh;q=0.5"), Language::English);
        assert_eq!(browser("zh;q=0, en;q=0.1"), Language::English);
        assert_eq!(browser("fr"), Language::English);
        let none = HeaderMap::new();
        assert_eq!(Language::of_order(Some("zh_HK"), &none), Language::Chinese);
        assert_eq!(Language::of_order(Some("en-GB"), &none), Language::English);
        assert_eq!(Language::of_order(Some("ja-JP"), &none), Language::English);
    }
}
