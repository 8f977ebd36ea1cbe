//! From a function with `#[case(…)]` to the constant that describes it.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Error, ItemFn, Result};

use crate::arguments::{Arguments, Schedule};
use crate::limits;

/// Keeps the function, and adds a type with the same name whose constant `CASE` describes it. Types and
/// functions have separate namespaces, so one path names both, in `use` and in `suite!`.
pub(crate) fn expand(arguments: TokenStream, function: TokenStream) -> Result<TokenStream> {
    let function: ItemFn = syn::parse2(function).map_err(|error| {
        Error::new(error.span(), "`#[case]` must be on a function `fn name(t: &Test) -> Result`")
    })?;
    let arguments: Arguments = syn::parse2(arguments)?;
    check_signature(&function)?;

    let ident = &function.sig.ident;
    let visibility = &function.vis;
    let conditions = function.attrs.iter().filter(|attribute| attribute.path().is_ident("cfg"));
    let name = case_name(&arguments, &function)?;
    let schedule = schedule(&arguments.schedule);
    let timeout_ms = option(arguments.timeout_ms);
    let tags = arguments.tags.iter().map(|(name, value)| quote!((#name, #value)));
    let Arguments { retries, retry_delay_ms, max_in_flight, .. } = arguments;
    // Has the span of the function, so that a wrong type is reported there.
    let run = quote_spanned!(ident.span()=> #ident);

    Ok(quote! {
        #function

        #(#conditions)*
        #[doc(hidden)]
        #[allow(non_camel_case_types)]
        #visibility enum #ident {}

        impl #ident {
            #[doc(hidden)]
            #visibility const CASE: ::orbital_sdk::Case = ::orbital_sdk::Case {
                name: #name,
                schedule: #schedule,
                timeout_ms: #timeout_ms,
                tags: &[#(#tags),*],
                retries: #retries,
                retry_delay_ms: #retry_delay_ms,
                max_in_flight: #max_in_flight,
                run: #run,
            };
        }
    })
}

fn check_signature(function: &ItemFn) -> Result<()> {
    let signature = &function.sig;
    if let Some(asyncness) = &signature.asyncness {
        return Err(Error::new(
            asyncness.span(),
            "a case cannot be async; remove `async`: a waiting case does not block a thread",
        ));
    }
    if !signature.generics.params.is_empty() {
        return Err(Error::new(
            signature.generics.span(),
            "a case cannot have generic parameters; remove them",
        ));
    }
    if signature.inputs.len() != 1 {
        return Err(Error::new(signature.paren_token.span.join(), "a case takes one argument: `t: &Test`"));
    }
    if matches!(signature.output, syn::ReturnType::Default) {
        return Err(Error::new(
            signature.ident.span(),
            "a case returns a `Result`; write `-> Result` and end with `Ok(())`",
        ));
    }
    Ok(())
}

fn case_name(arguments: &Arguments, function: &ItemFn) -> Result<String> {
    if let Some(name) = &arguments.name {
        return Ok(name.clone());
    }
    let ident = &function.sig.ident;
    let name = ident.to_string().trim_start_matches("r#").replace('_', "-");
    limits::check_name(&name).map_err(|message| Error::new(ident.span(), message))?;
    Ok(name)
}

fn schedule(schedule: &Schedule) -> TokenStream {
    match schedule {
        Schedule::Every { period_ms } => {
            quote!(::orbital_sdk::Schedule::Every { period_ms: #period_ms })
        }
        Schedule::Cron { expression, zone } => {
            let zone = option(zone.as_ref());
            quote!(::orbital_sdk::Schedule::Cron { expression: #expression, zone: #zone })
        }
        Schedule::Manual => quote!(::orbital_sdk::Schedule::Manual),
    }
}

fn option<T: quote::ToTokens>(value: Option<T>) -> TokenStream {
    match value {
        Some(value) => quote!(::core::option::Option::Some(#value)),
        None => quote!(::core::option::Option::None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(function: TokenStream) -> String {
        expand(quote!(manual), function).unwrap_err().to_string()
    }

    #[test]
    fn the_name_is_the_functions_unless_given() {
        let function: ItemFn = syn::parse_quote!(
            fn fan_out(t: &Test) -> Result {}
        );
        let arguments: Arguments = syn::parse_quote!(manual);
        assert_eq!(case_name(&arguments, &function).unwrap(), "fan-out");
        let arguments: Arguments = syn::parse_quote!(manual, name = "wide");
        assert_eq!(case_name(&arguments, &function).unwrap(), "wide");
    }

    #[test]
    fn the_function_is_kept_and_described() {
        let code = expand(
            quote!(every = "1s"),
            quote!(
                pub(crate) fn smoke(t: &Test) -> Result {
                    Ok(())
                }
            ),
        )
        .unwrap();
        let file: syn::File = syn::parse2(code).unwrap();
        assert!(matches!(&file.items[0], syn::Item::Fn(function) if function.sig.ident == "smoke"));
        assert!(matches!(&file.items[1], syn::Item::Enum(item) if item.ident == "smoke"));
        assert!(matches!(&file.items[2], syn::Item::Impl(_)));
    }

    #[test]
    fn a_function_that_cannot_be_a_case_is_refused() {
        assert!(
            error(quote!(
                struct Smoke;
            ))
            .contains("must be on a function")
        );
        assert!(
            error(quote!(
                async fn a(t: &Test) -> Result {}
            ))
            .contains("cannot be async")
        );
        assert!(
            error(quote!(
                fn a() -> Result {}
            ))
            .contains("one argument")
        );
        assert!(
            error(quote!(
                fn a(t: &Test) {}
            ))
            .contains("returns a `Result`")
        );
        assert!(
            error(quote!(
                fn a<T>(t: &Test) -> Result {}
            ))
            .contains("generic")
        );
    }
}
