//! Ids of cases.

use std::borrow::{Borrow, Cow};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::ToSchema;

/// The id of a case: the names of its component and of the case in it, as `component/case`. Clones share the text. As
/// JSON, it is two fields, `component` and `case`.
#[derive(Clone)]
pub struct CaseId {
    text: Arc<str>,
    /// The length of the component's name.
    component: usize,
}

/// The fields of an id.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(as = CaseId)]
pub struct CaseIdFields<'a> {
    /// The component's name.
    #[serde(borrow)]
    component: Cow<'a, str>,
    /// The case's name.
    #[serde(borrow)]
    case: Cow<'a, str>,
}

impl CaseId {
    /// Creates the id of a case in a component. Names contain no `/`.
    pub fn new(component: &str, case: &str) -> Self {
        Self { text: format!("{component}/{case}").into(), component: component.len() }
    }

    /// Returns the component's name.
    pub fn component(&self) -> &str {
        &self.text[..self.component]
    }

    /// Returns the case's name, unique in its component.
    pub fn case(&self) -> &str {
        &self.text[self.component + 1..]
    }

    /// Returns the id as text.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// A text that is not the id of a case.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not the id of a case, such as `shop/buys`")]
pub struct InvalidCaseId(String);

impl FromStr for CaseId {
    type Err = InvalidCaseId;

    fn from_str(text: &str) -> Result<Self, InvalidCaseId> {
        let (component, case) = text.split_once('/').ok_or_else(|| InvalidCaseId(text.to_owned()))?;
        Ok(Self::new(component, case))
    }
}

impl Deref for CaseId {
    type Target = str;

    fn deref(&self) -> &str {
        &self.text
    }
}

impl Borrow<str> for CaseId {
    fn borrow(&self) -> &str {
        &self.text
    }
}

// Like those of the text, which maps are searched for.
impl PartialEq for CaseId {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for CaseId {}

impl PartialOrd for CaseId {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for CaseId {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.text.cmp(&other.text)
    }
}

impl Hash for CaseId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl fmt::Display for CaseId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl fmt::Debug for CaseId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.text, formatter)
    }
}

impl Serialize for CaseId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        CaseIdFields { component: self.component().into(), case: self.case().into() }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for CaseId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let CaseIdFields { component, case } = CaseIdFields::deserialize(deserializer)?;
        Ok(Self::new(&component, &case))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_found_by_its_text_and_is_two_fields_as_json() {
        let id = CaseId::new("shop", "buys");
        assert_eq!((id.component(), id.case(), id.as_str()), ("shop", "buys", "shop/buys"));
        let ids = std::collections::HashMap::from([(id.clone(), 1)]);
        assert_eq!(ids.get("shop/buys"), Some(&1));
        let json = serde_json::to_string(&id).unwrap();
        assert_eq!(json, r#"{"component":"shop","case":"buys"}"#);
        assert_eq!(serde_json::from_str::<CaseId>(&json).unwrap(), id);
    }
}
