//! From JSON to a request. Serde would take a list for a structure, member by member in the order of declaration; no
//! client of the service means that, so here it is refused, and every error says where it stands.

use std::cell::RefCell;
use std::fmt;

use serde::de::value::StrDeserializer;
use serde::de::{
    self, DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess, SeqAccess,
    Unexpected, VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;
use serde_json::{Map, Value, map};

use crate::error::ServiceError;

/// A document that was read, and the members in it that its shape does not know.
#[derive(Clone, Debug, PartialEq)]
pub struct Read<T> {
    /// What was understood.
    pub value: T,
    /// JSON pointers of the members that were not, in document order. The service ignores such members; whoever reads
    /// a document decides whether they are an error.
    pub unknown: Vec<String>,
}

/// Reads a request, or a part of one, from JSON. `null` counts as absent.
///
/// # Errors
/// `InvalidRequestException` with the JSON pointer, if a member has the wrong type, a structure is a list, an enum
/// member has an unknown value, or a required one is missing (G-05).
pub fn read<T: DeserializeOwned>(document: &Value) -> Result<Read<T>, ServiceError> {
    let unknown = RefCell::default();
    let value = T::deserialize(Reader { value: document, place: Place::Document, unknown: &unknown })?;
    Ok(Read { value, unknown: unknown.into_inner() })
}

/// Where a value stands in the document.
#[derive(Clone, Copy)]
enum Place<'p> {
    Document,
    Member(&'p Place<'p>, &'p str),
    Element(&'p Place<'p>, usize),
}

impl Place<'_> {
    fn pointer(&self) -> String {
        match self {
            Place::Document => String::new(),
            Place::Member(whole, key) => {
                format!("{}/{}", whole.pointer(), key.replace('~', "~0").replace('/', "~1"))
            }
            Place::Element(whole, index) => format!("{}/{index}", whole.pointer()),
        }
    }
}

/// What is wrong, and where, once that is known.
#[derive(Debug)]
struct Refusal {
    pointer: Option<String>,
    message: String,
}

impl Refusal {
    fn at(mut self, place: &Place<'_>) -> Refusal {
        self.pointer.get_or_insert_with(|| place.pointer());
        self
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.pointer.as_deref() {
            None | Some("") => f.write_str(&self.message),
            Some(pointer) => write!(f, "{pointer}: {}", self.message),
        }
    }
}

impl std::error::Error for Refusal {}

impl de::Error for Refusal {
    fn custom<T: fmt::Display>(message: T) -> Refusal {
        Refusal { pointer: None, message: message.to_string() }
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn de::Expected) -> Refusal {
        de::Error::custom(format!("expected {expected}, found {found}"))
    }

    fn missing_field(member: &'static str) -> Refusal {
        de::Error::custom(format!("{member} is required"))
    }

    fn unknown_variant(found: &str, allowed: &'static [&'static str]) -> Refusal {
        de::Error::custom(format!("expected one of `{}`, found `{found}`", allowed.join("`, `")))
    }
}

impl From<Refusal> for ServiceError {
    fn from(refusal: Refusal) -> ServiceError {
        ServiceError::invalid(refusal.to_string())
    }
}

#[derive(Clone, Copy)]
struct Reader<'d> {
    value: &'d Value,
    place: Place<'d>,
    unknown: &'d RefCell<Vec<String>>,
}

impl<'d> Reader<'d> {
    fn refuse<T>(&self, expected: &str) -> Result<T, Refusal> {
        let found = match self.value {
            Value::Null => "null".to_owned(),
            Value::Array(_) => "a list".to_owned(),
            Value::Object(_) => "an object".to_owned(),
            simple => format!("`{simple}`"),
        };
        let message = format!("expected {expected}, found {found}");
        Err(Refusal { pointer: Some(self.place.pointer()), message })
    }

    fn object(self, members: &'d Map<String, Value>) -> Members<'d> {
        Members { members: members.iter(), next: None, place: self.place, unknown: self.unknown }
    }
}

impl<'de> Deserializer<'de> for Reader<'_> {
    type Error = Refusal;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        let place = self.place;
        let read = match self.value {
            Value::Null => visitor.visit_unit(),
            Value::Bool(flag) => visitor.visit_bool(*flag),
            Value::Number(number) => match (number.as_u64(), number.as_i64(), number.as_f64()) {
                (Some(number), _, _) => visitor.visit_u64(number),
                (_, Some(number), _) => visitor.visit_i64(number),
                (_, _, number) => visitor.visit_f64(number.unwrap_or(f64::NAN)),
            },
            Value::String(text) => visitor.visit_str(text),
            Value::Array(elements) => visitor.visit_seq(Elements {
                elements: elements.iter().enumerate(),
                place: self.place,
                unknown: self.unknown,
            }),
            Value::Object(members) => visitor.visit_map(self.object(members)),
        };
        read.map_err(|refusal: Refusal| refusal.at(&place))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        match self.value {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _members: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        match self.value {
            Value::Object(_) => self.deserialize_any(visitor),
            _ => self.refuse("an object"),
        }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        self.deserialize_struct("", &[], visitor)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        match self.value {
            Value::Array(_) => self.deserialize_any(visitor),
            _ => self.refuse("a list"),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _name: &'static str, visitor: V) -> Result<V::Value, Refusal> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        match self.value {
            Value::String(name) => {
                let place = self.place;
                visitor.visit_enum(Name(name)).map_err(|refusal: Refusal| refusal.at(&place))
            }
            _ => self.refuse("a text"),
        }
    }

    /// Called for members that a structure does not have.
    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        self.unknown.borrow_mut().push(self.place.pointer());
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct tuple
        tuple_struct identifier
    }
}

/// The members of an object that are not null.
struct Members<'d> {
    members: map::Iter<'d>,
    next: Option<(&'d str, &'d Value)>,
    place: Place<'d>,
    unknown: &'d RefCell<Vec<String>>,
}

impl<'de> MapAccess<'de> for Members<'_> {
    type Error = Refusal;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Refusal> {
        self.next = self.members.find(|(_, value)| !value.is_null()).map(|(key, value)| (key.as_str(), value));
        let Some((key, _)) = self.next else { return Ok(None) };
        let key: StrDeserializer<'_, Refusal> = key.into_deserializer();
        seed.deserialize(key).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Refusal> {
        let (key, value) = self.next.take().ok_or_else(|| de::Error::custom("a member without name"))?;
        let place = Place::Member(&self.place, key);
        let reader = Reader { value, place, unknown: self.unknown };
        seed.deserialize(reader).map_err(|refusal| refusal.at(&place))
    }
}

struct Elements<'d, I> {
    elements: I,
    place: Place<'d>,
    unknown: &'d RefCell<Vec<String>>,
}

impl<'de, 'd, I: Iterator<Item = (usize, &'d Value)>> SeqAccess<'de> for Elements<'d, I> {
    type Error = Refusal;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Refusal> {
        let Some((index, value)) = self.elements.next() else { return Ok(None) };
        let place = Place::Element(&self.place, index);
        let reader = Reader { value, place, unknown: self.unknown };
        seed.deserialize(reader).map(Some).map_err(|refusal| refusal.at(&place))
    }
}

/// The name of an enum's value.
struct Name<'d>(&'d str);

impl<'de> EnumAccess<'de> for Name<'_> {
    type Error = Refusal;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Refusal> {
        let name: StrDeserializer<'_, Refusal> = self.0.into_deserializer();
        Ok((seed.deserialize(name)?, self))
    }
}

impl<'de> VariantAccess<'de> for Name<'_> {
    type Error = Refusal;

    fn unit_variant(self) -> Result<(), Refusal> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, _seed: T) -> Result<T::Value, Refusal> {
        Err(de::Error::custom("values with content are not part of the API"))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _length: usize, _visitor: V) -> Result<V::Value, Refusal> {
        Err(de::Error::custom("values with content are not part of the API"))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _members: &'static [&'static str],
        _visitor: V,
    ) -> Result<V::Value, Refusal> {
        Err(de::Error::custom("values with content are not part of the API"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::detect::wire::{Behavior, CreateSecurityProfileRequest, ListViolationEventsRequest};
    use crate::jobs::wire::CreateJobRequest;
    use crate::mitigation::wire::CreateMitigationActionRequest;

    fn refusal<T: DeserializeOwned>(document: Value) -> String {
        read::<T>(&document).map(|_| ()).expect_err("not a request").message
    }

    #[test]
    fn unknown_members_are_listed_with_their_place_and_null_is_absence() {
        let document = json!({"name": "B", "metric": null, "criterion": {}, "criteria": {"value": {"a/b": 1}}});
        let read: Read<Behavior> = read(&document).expect("well-formed");
        assert_eq!(read.unknown, ["/criterion", "/criteria/value/a~1b"]);
        assert_eq!(read.value.metric, None);
    }

    #[test]
    fn g05_a_list_is_no_structure() {
        assert_eq!(refusal::<Behavior>(json!(["B", "aws:all-bytes-out"])), "expected an object, found a list");
        assert_eq!(
            refusal::<CreateSecurityProfileRequest>(json!({"behaviors": [{"name": "B"}, ["C"]]})),
            "/behaviors/1: expected an object, found a list"
        );
        assert_eq!(
            refusal::<CreateMitigationActionRequest>(json!({"actionParams": []})),
            "/actionParams: expected an object, found a list"
        );
        assert_eq!(
            refusal::<CreateJobRequest>(json!({"jobId": "j", "targets": [], "abortConfig": [[]]})),
            "/abortConfig: expected an object, found a list"
        );
    }

    #[test]
    fn g05_errors_say_where_what_was_expected_and_what_was_found() {
        let criteria = |criteria| json!({"name": "B", "criteria": criteria});
        assert_eq!(
            refusal::<Behavior>(criteria(json!({"durationSeconds": "300"}))),
            "/criteria/durationSeconds: expected i64, found string \"300\""
        );
        assert_eq!(refusal::<Behavior>(criteria(json!(7))), "/criteria: expected an object, found `7`");
        assert_eq!(
            refusal::<CreateSecurityProfileRequest>(json!({"behaviors": {}})),
            "/behaviors: expected a list, found an object"
        );
        assert_eq!(refusal::<ListViolationEventsRequest>(json!({"startTime": 0})), "endTime is required");
        assert_eq!(
            refusal::<Behavior>(json!({"name": "B", "metricDimension": {"dimensionName": "d", "operator": "OUT"}})),
            "/metricDimension/operator: expected one of `IN`, `NOT_IN`, found `OUT`"
        );
    }
}
