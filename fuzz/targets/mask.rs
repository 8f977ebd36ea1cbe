//! No form of a secret survives, whatever is around it.
#![no_main]

use std::borrow::Cow;

use arbitrary::Arbitrary;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use libfuzzer_sys::{Corpus, fuzz_target};
use orbital_config::secrets::{Masker, SHORTEST};
use orbital_host::fuzzing::secrets;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// Characters that need no escape in a URL.
const UNRESERVED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    form: Form,
    value: &'a str,
    other: &'a str,
    before: &'a str,
    behind: &'a str,
}

#[derive(Arbitrary, Debug, Clone, Copy)]
enum Form {
    Plain,
    Lower,
    Percent,
    Query,
    Json,
    Unicode,
    Html,
    Hexadecimal,
    Base64,
    Base64Url,
}

fuzz_target!(|input: Input<'_>| -> Corpus {
    let Input { form, value, other, before, behind } = input;
    // A value that the mask is part of would come back by being hidden.
    if value.len() < SHORTEST || value.len() > 200 || value.contains('*') || value.contains('\0') {
        return Corpus::Reject;
    }
    let masker = Masker::default();
    let known = [("value", value), ("other", other)];
    masker.learn(&secrets(known)).expect("two secrets are not too many");

    let (text, gone) = write(form, value, before, behind);
    let hidden = masker.text(&text);
    let around_has_it = |part: &str| part.contains(&gone);
    // The text around may end with an escape that is open, and takes the beginning of an escaped value with it: then it
    // is another text.
    let open = |text: &str| text.contains(['%', '\\', '&']);
    let is_escaped = matches!(form, Form::Query | Form::Unicode | Form::Html);
    if !(around_has_it(before) || around_has_it(behind) || is_escaped && open(before)) {
        assert!(!hidden.contains(&gone), "{text:?} became {hidden:?}");
    }
    // As those read it who undo what was escaped.
    assert!(!hidden.contains(value), "{text:?} became {hidden:?}");
    let decoded = percent_decode_str(&hidden).decode_utf8_lossy();
    assert!(!decoded.contains(value), "{text:?} became {hidden:?}, which means {decoded:?}");
    if let Ok(decoded) = serde_json::from_str::<Cow<'_, str>>(&format!("\"{hidden}\"")) {
        assert!(!decoded.contains(value), "{text:?} became {hidden:?}, which means {decoded:?}");
    }
    Corpus::Keep
});

/// The whole text, and what must not be in it any more.
fn write(form: Form, value: &str, before: &str, behind: &str) -> (String, String) {
    let around = |form: String| (format!("{before}{form}{behind}"), form);
    let in_base64 = |engine: base64::engine::GeneralPurpose| {
        let whole = engine.encode(format!("{before}{value}{behind}"));
        let (start, end) = (8 * before.len(), 8 * (before.len() + value.len()));
        let core = whole[start.div_ceil(6)..end / 6].to_owned();
        (whole, core)
    };
    match form {
        Form::Plain => around(value.to_owned()),
        Form::Lower => around(value.to_lowercase()),
        Form::Percent => around(utf8_percent_encode(value, &UNRESERVED).to_string()),
        Form::Query => around(form_urlencoded::byte_serialize(value.as_bytes()).collect()),
        Form::Json => around({
            let text = serde_json::to_string(value).expect("a text can be written");
            text[1..text.len() - 1].to_owned()
        }),
        Form::Unicode => around(value.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect()),
        Form::Html => around(value.chars().map(|one| format!("&#{};", u32::from(one))).collect()),
        Form::Hexadecimal => around(value.bytes().map(|byte| format!("{byte:02x}")).collect()),
        Form::Base64 => in_base64(STANDARD),
        Form::Base64Url => in_base64(URL_SAFE),
    }
}
