//! The arguments of `#[case(…)]`.

use std::collections::BTreeSet;

use proc_macro2::Span;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{Error, Ident, LitInt, LitStr, Result, Token};

use crate::{duration, limits};

const SCHEDULES: &str = "`every = \"1s\"`, `cron = \"0 7 * * *\"` or `manual`";

#[derive(Debug)]
pub(crate) struct Arguments {
    pub(crate) name: Option<String>,
    pub(crate) schedule: Schedule,
    pub(crate) timeout_ms: Option<u32>,
    pub(crate) tags: Vec<(String, String)>,
    pub(crate) retries: u32,
    pub(crate) retry_delay_ms: u32,
    pub(crate) max_in_flight: u32,
}

#[derive(Debug, PartialEq)]
pub(crate) enum Schedule {
    Every { period_ms: u32 },
    Cron { expression: String, zone: Option<String> },
    Manual,
}

impl Parse for Arguments {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut seen = BTreeSet::new();
        let mut schedule = None;
        let mut zone: Option<(Ident, String)> = None;
        let mut retry_delay: Option<(Ident, u32)> = None;
        let mut arguments = Arguments {
            name: None,
            schedule: Schedule::Manual,
            timeout_ms: None,
            tags: Vec::new(),
            retries: 0,
            retry_delay_ms: 0,
            max_in_flight: 1,
        };

        while !input.is_empty() {
            let key = input.call(Ident::parse_any)?;
            if !seen.insert(key.to_string()) {
                return Err(Error::new(key.span(), format!("`{key}` is set twice; remove one")));
            }
            match key.to_string().as_str() {
                "every" => {
                    let period_ms = text(input, duration::nonzero_milliseconds)?;
                    set_schedule(&mut schedule, &key, Schedule::Every { period_ms })?;
                }
                "cron" => {
                    let expression = text(input, |text| limits::check_cron(text).map(|()| text.to_owned()))?;
                    set_schedule(&mut schedule, &key, Schedule::Cron { expression, zone: None })?;
                }
                "manual" => set_schedule(&mut schedule, &key, Schedule::Manual)?,
                "zone" => zone = Some((key, text(input, |text| Ok(text.to_owned()))?)),
                "timeout" => arguments.timeout_ms = Some(text(input, duration::nonzero_milliseconds)?),
                "tags" => arguments.tags = tags(input)?,
                "retries" => arguments.retries = number(input, limits::check_retries)?,
                "retry_delay" => retry_delay = Some((key, text(input, duration::milliseconds)?)),
                "max_in_flight" => arguments.max_in_flight = number(input, at_least_one)?,
                "name" => {
                    arguments.name =
                        Some(text(input, |text| limits::check_name(text).map(|()| text.to_owned()))?)
                }
                _ => {
                    return Err(Error::new(
                        key.span(),
                        format!(
                            "unknown argument `{key}`; the arguments are every, cron, zone, manual, timeout, tags, retries, \
                             retry_delay, max_in_flight and name"
                        ),
                    ));
                }
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }

        arguments.schedule = schedule
            .ok_or_else(|| Error::new(Span::call_site(), format!("a case needs a schedule: {SCHEDULES}")))?;
        match (&mut arguments.schedule, zone) {
            (Schedule::Cron { zone, .. }, given) => *zone = given.map(|(_, zone)| zone),
            (_, Some((key, _))) => {
                return Err(Error::new(key.span(), "`zone` requires `cron`; remove it"));
            }
            (_, None) => {}
        }
        if let Some((key, delay_ms)) = retry_delay {
            if arguments.retries == 0 {
                return Err(Error::new(
                    key.span(),
                    "`retry_delay` requires `retries`; add `retries = 1` or remove it",
                ));
            }
            arguments.retry_delay_ms = delay_ms;
        }
        Ok(arguments)
    }
}

fn set_schedule(schedule: &mut Option<Schedule>, key: &Ident, new: Schedule) -> Result<()> {
    match schedule.replace(new) {
        None => Ok(()),
        Some(_) => Err(Error::new(key.span(), format!("a case has one schedule; keep one of {SCHEDULES}"))),
    }
}

/// Parses `= "…"` and the text in it.
fn text<T>(input: ParseStream<'_>, read: impl FnOnce(&str) -> std::result::Result<T, String>) -> Result<T> {
    input.parse::<Token![=]>()?;
    let literal: LitStr = input
        .parse()
        .map_err(|error| Error::new(error.span(), "expected a string in quotes, as in `every = \"1s\"`"))?;
    read(&literal.value()).map_err(|message| Error::new(literal.span(), message))
}

/// Parses `= 2` and checks the number.
fn number(input: ParseStream<'_>, check: impl FnOnce(u32) -> std::result::Result<(), String>) -> Result<u32> {
    input.parse::<Token![=]>()?;
    let literal: LitInt = input
        .parse()
        .map_err(|error| Error::new(error.span(), "expected a whole number, as in `retries = 2`"))?;
    let number = literal.base10_parse()?;
    check(number).map_err(|message| Error::new(literal.span(), message))?;
    Ok(number)
}

fn at_least_one(number: u32) -> std::result::Result<(), String> {
    if number == 0 { Err("must be at least 1".to_owned()) } else { Ok(()) }
}

/// Parses `(team = "growth", tier = "1")`.
fn tags(input: ParseStream<'_>) -> Result<Vec<(String, String)>> {
    if !input.peek(syn::token::Paren) {
        return Err(input.error("expected tags in brackets, as in `tags(team = \"growth\")`"));
    }
    let content;
    syn::parenthesized!(content in input);
    let mut tags = Vec::new();
    while !content.is_empty() {
        let name = content.call(Ident::parse_any)?;
        let value = text(&content, |text| Ok(text.to_owned()))?;
        limits::check_tag(&tags, &name.to_string(), &value)
            .map_err(|message| Error::new(name.span(), message))?;
        tags.push((name.to_string(), value));
        if !content.is_empty() {
            content.parse::<Token![,]>()?;
        }
    }
    Ok(tags)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Arguments {
        syn::parse_str(text).unwrap()
    }

    fn error(text: &str) -> String {
        syn::parse_str::<Arguments>(text).unwrap_err().to_string()
    }

    #[test]
    fn all_arguments_are_read() {
        let arguments = parse(
            r#"cron = "0 7 * * *", zone = "Europe/Madrid", timeout = "3s", tags(team = "growth", type = "1"),
               retries = 2, retry_delay = "1s", max_in_flight = 3, name = "other","#,
        );
        let schedule =
            Schedule::Cron { expression: "0 7 * * *".to_owned(), zone: Some("Europe/Madrid".to_owned()) };
        assert_eq!(arguments.schedule, schedule);
        assert_eq!(arguments.timeout_ms, Some(3000));
        assert_eq!(arguments.tags[1], ("type".to_owned(), "1".to_owned()));
        assert_eq!((arguments.retries, arguments.retry_delay_ms, arguments.max_in_flight), (2, 1000, 3));
        assert_eq!(arguments.name.as_deref(), Some("other"));
    }

    #[test]
    fn all_but_the_schedule_has_a_default() {
        let arguments = parse(r#"every = "1s""#);
        assert_eq!(arguments.schedule, Schedule::Every { period_ms: 1000 });
        assert_eq!((arguments.timeout_ms, arguments.name), (None, None));
        assert_eq!((arguments.retries, arguments.max_in_flight), (0, 1));
        assert_eq!(parse("manual").schedule, Schedule::Manual);
    }

    #[test]
    fn exactly_one_schedule_is_required() {
        assert!(error("").contains("a case needs a schedule: `every"));
        assert!(error(r#"timeout = "1s""#).contains("a case needs a schedule"));
        assert!(error(r#"manual, every = "1s""#).contains("a case has one schedule"));
        assert!(error(r#"every = "1s", every = "2s""#).contains("`every` is set twice"));
    }

    #[test]
    fn mistakes_name_the_fix() {
        assert!(error(r#"evry = "1s""#).contains("unknown argument `evry`; the arguments are every,"));
        assert!(error("every = 1").contains("a string in quotes"));
        assert!(error(r#"every = "0s""#).contains("longer than zero"));
        assert!(error(r#"manual, timeout = "0s""#).contains("longer than zero"));
        assert!(error(r#"manual, zone = "UTC""#).contains("`zone` requires `cron`"));
        assert!(error(r#"manual, retry_delay = "1s""#).contains("add `retries = 1`"));
        assert!(error(r#"manual, retries = "2""#).contains("a whole number"));
        assert!(error("manual, retries = 11").contains("at most 10"));
        assert!(error("manual, max_in_flight = 0").contains("at least 1"));
        assert!(error(r#"manual, name = "a/b""#).contains("cannot be a case's name"));
        assert!(error(r#"manual, tags = "a""#).contains("tags in brackets"));
    }
}
