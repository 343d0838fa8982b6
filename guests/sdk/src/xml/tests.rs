//! What services send, what they should not, and what nobody should.

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn value(document: &str) -> Value {
    Element::parse(document.as_bytes()).unwrap().value()
}

fn refused(document: &[u8]) -> String {
    Element::parse(document).unwrap_err().to_string()
}

#[test]
fn elements_become_the_dictionaries_of_the_old_program() {
    for (document, expected) in [
        ("<a>text</a>", json!("text")),
        ("<a> <b>1</b>\n<c>2</c> </a>", json!({"b": "1", "c": "2"})),
        ("<a><b>1</b></a>", json!({"b": "1"})),
        ("<a><b>1</b><b/><b>3</b></a>", json!({"b": ["1", null, "3"]})),
        ("<a><b/><b/></a>", json!({"b": [null, null]})),
        ("<a><activated-at>x</activated-at></a>", json!({"activated-at": "x"})),
        ("<a/>", json!(null)),
        ("<a></a>", json!(null)),
        ("<a> \n </a>", json!(null)),
        ("<a type=\"array\"/>", json!(null)),
        ("<a>mixed<b>1</b></a>", json!({"b": "1", "#text": "mixed"})),
        ("<n:a xmlns:n=\"u\"><n:b>1</n:b></n:a>", json!({"b": "1"})),
    ] {
        assert_eq!(value(document), expected, "{document}");
    }
}

#[test]
fn attributes_are_left_out_and_nil_is_null() {
    let document = r#"<user><id type="integer">42</id><at type="datetime">2015-01-21T09:20:15-08:00</at><phone nil="true"></phone>
        <a xsi:nil="1">x</a><b nil="false">y</b></user>"#;
    assert_eq!(
        value(document),
        json!({"id": "42", "at": "2015-01-21T09:20:15-08:00", "phone": null, "a": null, "b": "y"})
    );
}

#[test]
fn texts_come_whole_with_their_characters() {
    for (document, expected) in [
        ("<a>R&amp;D &lt;east&gt; &quot;x&apos;</a>", "R&D <east> \"x'"),
        ("<a>&#233;&#x1F98A;</a>", "é🦊"),
        ("<a>a<!-- no -->b<?pi no?>c</a>", "abc"),
        ("<a><![CDATA[<b>&amp;</b>]]></a>", "<b>&amp;</b>"),
        ("<a>  one\n two  </a>", "one\n two"),
        (
            "\u{feff}<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- c -->\n<a>山田</a>\n",
            "山田",
        ),
        ("<?xml version='1.0' encoding='us-ascii'?><a>x</a>", "x"),
    ] {
        assert_eq!(value(document), json!(expected), "{document}");
    }
}

#[test]
fn elements_and_attributes_are_found_by_their_names_without_prefix() {
    let document =
        br#"<s:Envelope xmlns:s="u" xmlns:msisdn="v"><s:Body><t n:msisdn="1 &amp; 2"><x/></t></s:Body></s:Envelope>"#;
    let root = Element::parse(document).unwrap();
    let terminal = root.at(&["Body", "t"]).unwrap();
    assert_eq!(terminal.attribute("msisdn"), Some("1 & 2"));
    assert_eq!((terminal.children().len(), terminal.name()), (1, "t"));
    assert_eq!(root.attribute("msisdn"), None, "a namespace is no attribute");
    assert!(root.at(&["Body", "y"]).is_none());
}

#[test]
fn document_types_and_entities_are_refused() {
    let laughs = br#"<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;&lol;">]><lolz>&lol2;</lolz>"#;
    assert_eq!(refused(laughs), "it declares a document type, which is refused");
    let external = br#"<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>"#;
    assert_eq!(refused(external), "it declares a document type, which is refused");
    assert_eq!(
        refused(b"<a>&lol;</a>"),
        "it uses the entity `lol`, which XML does not know"
    );
    assert!(Element::parse(b"<a b=\"&lol;\"/>").is_err());
    assert!(Element::parse(b"<a>&#0;</a>").is_err());
}

#[test]
fn documents_beyond_the_limits_are_refused_at_once() {
    let wide = format!("<a {}/>", "b=\"1\" ".repeat(800_000));
    assert_eq!(
        refused(wide.as_bytes()),
        "it has more than 100 attributes at one element"
    );
    let namespaces: String = (0..1_000_000).map(|number| format!("xmlns:n{number}=\"u\" ")).collect();
    assert_eq!(
        refused(format!("<a {namespaces}/>").as_bytes()),
        "it has more than 100 attributes at one element"
    );
    let deep = "<a>".repeat(100_000);
    assert_eq!(
        refused(deep.as_bytes()),
        "it has more than 64 elements inside one another"
    );
    let closed = format!("{}{}", "<a>".repeat(64), "</a>".repeat(64));
    assert!(Element::parse(closed.as_bytes()).is_ok());
    let long = format!("<a>{}</a>", "<b/>".repeat(1_000_000));
    assert_eq!(refused(long.as_bytes()), "it has more than 1000000 elements");
}

#[test]
fn other_encodings_are_refused_by_name() {
    assert_eq!(
        refused(b"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a>\xe9</a>"),
        "its encoding is not what it should be; only UTF-8 is read"
    );
    assert_eq!(
        refused(b"<?xml version=\"1.0\" encoding=\"windows-1252\"?><a/>"),
        "its encoding is `windows-1252`; only UTF-8 is read"
    );
    let utf16: Vec<u8> = "\u{feff}<a/>".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(refused(&utf16), "its encoding is UTF-16 or UTF-32; only UTF-8 is read");
    assert_eq!(
        refused(b"<\0a\0/\0>\0"),
        "its encoding is UTF-16 or UTF-32; only UTF-8 is read"
    );
}

#[test]
fn what_is_not_well_formed_is_an_error() {
    for document in [
        "",
        "   ",
        "text",
        "<a>",
        "<a><b></a>",
        "</a>",
        "<a/><b/>",
        "<a/>text",
        "<a b=1/>",
        "<a b/>",
        "<a",
        "<a>&</a>",
        "<a><![CDATA[x</a>",
        "<!-- x",
    ] {
        assert!(Element::parse(document.as_bytes()).is_err(), "{document}");
    }
}

#[test]
fn what_is_escaped_comes_back() {
    assert_eq!(escape("a<b>&\"'\u{1}"), "a&lt;b&gt;&amp;&quot;&apos;");
}

proptest! {
    #[test]
    fn no_bytes_make_reading_panic(document in proptest::collection::vec(any::<u8>(), 0..200)) {
        _ = Element::parse(&document).map(|element| element.value());
    }

    #[test]
    fn no_markup_makes_reading_panic(document in r#"(<a|<b:c|</a>|>|/>| x="1"| nil="true"|&amp;|&#1;|<!--|-->|<!\[CDATA\[|\]\]>|<\?|\?>|x|é){0,40}"#) {
        _ = Element::parse(document.as_bytes()).map(|element| element.value());
    }

    #[test]
    fn every_text_that_xml_can_hold_survives(text in "[^\\p{Cc}\u{fffe}\u{ffff}]{0,40}") {
        let element = Element::parse(format!("<a b=\"{0}\">{0}</a>", escape(&text)).as_bytes()).unwrap();
        prop_assert_eq!(element.attribute("b").unwrap(), &text);
        prop_assert_eq!(element.text(), text.trim());
    }
}
