//! The session cookie of a browser that is signed in at the private listener.
//!
//! Browsers do not separate cookies by port: if both listeners have the same host name, browsers send the cookie to the
//! webhook too. So the webhook removes it before anything else sees a request, and no planned reply can set or delete
//! it.

use http::{HeaderMap, HeaderName, HeaderValue, header};

/// The cookie's name without TLS.
const PLAIN: &str = "orbital-session";

/// The cookie's name with TLS: browsers accept it only over TLS and only for this host, and no other page can set it.
const HOST: &str = "__Host-orbital-session";

/// Makes browsers delete all cookies of a host name.
const CLEAR_SITE_DATA: &str = "clear-site-data";

/// The maximum number of cookies with this name that are checked in one request.
const MOST: usize = 32;

fn name(tls: bool) -> &'static str {
    if tls { HOST } else { PLAIN }
}

/// Returns the header that sets the cookie for this number of seconds, on a listener with TLS or without.
pub fn set(tls: bool, id: &str, seconds: u64) -> HeaderValue {
    let (name, secure) = (name(tls), if tls { "; Secure" } else { "" });
    let text = format!("{name}={id}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}");
    // The text has only letters, digits and punctuation, so this cannot fail.
    HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// Returns possible session ids from a request's cookies. There may be several: any page with the same host name on
/// another port can set a cookie of this name for a longer path, which then comes first.
pub fn find(tls: bool, headers: &HeaderMap) -> impl Iterator<Item = &str> {
    // Bytes, because another cookie may contain any.
    let cookies =
        headers.get_all(header::COOKIE).iter().flat_map(|value| value.as_bytes().split(|byte| *byte == b';'));
    let ids = cookies.filter_map(move |cookie| {
        let id = cookie.trim_ascii().strip_prefix(name(tls).as_bytes())?.strip_prefix(b"=")?;
        std::str::from_utf8(id).ok()
    });
    ids.take(MOST)
}

/// Removes the session cookie from a request, under either name. Other cookies and the order of the headers do not
/// change.
pub fn remove(headers: &mut HeaderMap) {
    if headers.get_all(header::COOKIE).iter().any(has_session) {
        change(headers, &header::COOKIE, |value| match has_session(&value) {
            true => without_session(&value),
            false => Some(value),
        });
    }
}

/// Removes everything from a reply of the webhook that would replace or delete the session cookie in a browser.
pub fn remove_set(headers: &mut HeaderMap) {
    headers.remove(CLEAR_SITE_DATA);
    if headers.get_all(header::SET_COOKIE).iter().any(sets_session) {
        change(headers, &header::SET_COOKIE, |value| (!sets_session(&value)).then_some(value));
    }
}

/// Changes or removes the values of one header.
fn change(
    headers: &mut HeaderMap,
    changed: &HeaderName,
    change: impl Fn(HeaderValue) -> Option<HeaderValue>,
) {
    let mut last = None;
    for (name, value) in std::mem::take(headers) {
        // `None` means the same name as the previous entry.
        last = name.or(last);
        let Some(name) = &last else { continue };
        let value = if name == changed { change(value) } else { Some(value) };
        if let Some(value) = value {
            headers.append(name, value);
        }
    }
}

fn sets_session(value: &HeaderValue) -> bool {
    let cookie = value.as_bytes().split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
    // Browsers send a cookie without a name as only its value, which may look like another cookie.
    is_session(cookie.strip_prefix(b"=").unwrap_or(cookie).trim_ascii_start())
}

fn has_session(value: &HeaderValue) -> bool {
    cookies(value).any(is_session)
}

fn without_session(value: &HeaderValue) -> Option<HeaderValue> {
    let others: Vec<&[u8]> = cookies(value).filter(|cookie| !is_session(cookie)).collect();
    HeaderValue::from_bytes(&others.join(&b"; "[..])).ok().filter(|others| !others.is_empty())
}

fn cookies(value: &HeaderValue) -> impl Iterator<Item = &[u8]> {
    value.as_bytes().split(|byte| *byte == b';').map(<[u8]>::trim_ascii).filter(|cookie| !cookie.is_empty())
}

fn is_session(cookie: &[u8]) -> bool {
    let name = cookie.split(|byte| *byte == b'=').next().unwrap_or_default().trim_ascii();
    [PLAIN, HOST].iter().any(|own| name.eq_ignore_ascii_case(own.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn a_session_is_found_among_other_cookies_under_the_name_of_its_listener() {
        let found = |tls, cookies: &HeaderMap| find(tls, cookies).map(str::to_owned).collect::<Vec<_>>();
        let mut cookies = headers(&[("cookie", "a=b; x-orbital-session=1")]);
        assert!(found(false, &cookies).is_empty());
        cookies.append(header::COOKIE, HeaderValue::from_static("orbital-session=2; c=d; orbital-session=3"));
        assert_eq!((found(false, &cookies), found(true, &cookies).len()), (vec!["2".into(), "3".into()], 0));
        let other = HeaderValue::from_bytes(b"x=\xe9; __Host-orbital-session=4").unwrap();
        cookies.append(header::COOKIE, other);
        assert_eq!((found(false, &cookies).len(), found(true, &cookies)), (2, vec!["4".to_owned()]));
    }

    #[test]
    fn a_reply_sets_any_cookie_but_the_session_and_deletes_none() {
        let before = [
            ("set-cookie", "orbital-session=1; Path=/cases"),
            ("x-one", "1"),
            ("set-cookie", "a=orbital-session; Path=/"),
            ("set-cookie", " ORBITAL-SESSION =; Max-Age=0"),
            ("set-cookie", "= orbital-session=1"),
            ("set-cookie", "orbital-session"),
            ("set-cookie", "__Host-orbital-session=1; Secure; Path=/"),
            ("set-cookie", "orbital-sessions=1"),
            ("clear-site-data", "\"cookies\""),
        ];
        let mut reply = headers(&before);
        remove_set(&mut reply);
        assert_eq!(reply, headers(&[before[2], before[1], before[7]]));
    }

    #[test]
    fn only_the_session_is_removed() {
        for (before, after) in [
            ("orbital-session=1", None),
            ("__Host-orbital-session=1; ; ORBITAL-SESSION=2", None),
            ("a=b;orbital-session=1 ;c=d", Some("a=b; c=d")),
            ("orbital-session", None),
            ("orbital-session =1; a=orbital-session", Some("a=orbital-session")),
            ("x-orbital-session=1;a=b", Some("x-orbital-session=1;a=b")),
        ] {
            let mut request = headers(&[
                ("x-one", "1"),
                ("cookie", before),
                ("x-two", "2"),
                ("cookie", "__host-orbital-session=\"x"),
                ("x-one", "3"),
                ("x-three", ""),
            ]);
            remove(&mut request);
            let cookies: Vec<_> = request.get_all("cookie").iter().collect();
            assert_eq!(cookies, after.as_slice(), "{before}");
            request.remove("cookie");
            assert_eq!(request.get_all("x-one").iter().collect::<Vec<_>>(), ["1", "3"], "{before}");
            assert_eq!(request.len(), 4, "{before}");
        }
    }

    #[test]
    fn headers_keep_their_order() {
        let mut request =
            headers(&[("cookie", "orbital-session=1"), ("x-one", "1"), ("x-two", "2"), ("x-three", "3")]);
        remove(&mut request);
        assert_eq!(
            request.keys().map(|name| name.as_str()).collect::<Vec<_>>(),
            ["x-one", "x-two", "x-three"]
        );
    }
}
