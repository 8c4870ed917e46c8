//! Every page of the gallery as it was last approved.

/// Names of files change with their content; that is not what a page says.
fn steady(html: &str) -> String {
    let mut parts = html.split("/assets/");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once('"').unwrap();
        let (stem, extension) = name.rsplit_once('.').unwrap();
        let stem = stem.split('-').next().unwrap();
        text = format!("{text}/assets/{stem}.{extension}\"{rest}");
    }
    text
}

#[test]
fn pages_are_as_approved() {
    for (name, html) in causeway_api::gallery::pages() {
        insta::assert_snapshot!(name, steady(&html));
    }
}

#[test]
fn pages_hold_no_card_number() {
    for (name, html) in causeway_api::gallery::pages() {
        let digits = |text: &str| text.bytes().filter(u8::is_ascii_digit).count();
        let cards = html.split(|letter: char| !letter.is_ascii_digit() && letter != '•');
        let long = cards.filter(|run| run.contains('•') && digits(run) > 10);
        assert_eq!(long.count(), 0, "{name}");
    }
}
