//! What a caller asks for.

use http_body_util::{BodyExt as _, Limited};
use hyper::{Method, Request, body::Body};
use keyarc_lookup::Wanted;
use serde::Deserialize;
use url::form_urlencoded;

/// Most bytes of a body.
const LONGEST: usize = 16 * 1024;

/// An item and a value of it, as the operator's `remoteRef` names them.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// A reference, `folder/item` or an item's name.
    pub key: String,
    /// A field; empty for what the item is for.
    #[serde(default)]
    pub property: String,
    #[serde(default)]
    version: String,
}

/// Why a request cannot be understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoRequest {
    /// It is not as it must be.
    Wrong(&'static str),
    /// Its body is too long.
    TooLong,
}

impl Asked {
    /// Reads it out of an address (GET) or a body (POST).
    pub async fn read<B>(request: Request<B>) -> Result<Self, NoRequest>
    where
        B: Body,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let asked = match *request.method() {
            Method::POST => {
                let body = Limited::new(request.into_body(), LONGEST).collect().await;
                let body =
                    body.map_err(
                        |error| match error.is::<http_body_util::LengthLimitError>() {
                            true => NoRequest::TooLong,
                            false => NoRequest::Wrong("the body did not come"),
                        },
                    )?;
                let wrong = |_| {
                    NoRequest::Wrong(
                        "the body is a JSON object with key and, if you like, property",
                    )
                };
                serde_json::from_slice(&body.to_bytes()).map_err(wrong)?
            }
            _ => Self::of_query(request.uri().query().unwrap_or_default())?,
        };
        if asked.key.is_empty() {
            return Err(NoRequest::Wrong("key is missing"));
        }
        if !asked.version.is_empty() {
            return Err(NoRequest::Wrong(
                "a machine token reads items as they are, and no earlier version",
            ));
        }
        Ok(asked)
    }

    fn of_query(query: &str) -> Result<Self, NoRequest> {
        let mut asked = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let place = match &*name {
                "key" => &mut asked.key,
                "property" => &mut asked.property,
                "version" => &mut asked.version,
                _ => return Err(NoRequest::Wrong("there are key, property and version")),
            };
            if !place.is_empty() {
                return Err(NoRequest::Wrong("a parameter stands there twice"));
            }
            *place = value.into_owned();
        }
        Ok(asked)
    }

    /// The same as a question to the vault.
    pub fn wanted(&self, environment: Option<&str>) -> Result<Wanted, String> {
        let field = (!self.property.is_empty()).then(|| self.property.clone());
        let wanted = Wanted::typed(&self.key, field).map_err(|error| error.to_string())?;
        Ok(wanted.of_environment(environment))
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::Full;
    use hyper::body::Bytes;

    use super::*;

    async fn get(query: &str) -> Result<Asked, NoRequest> {
        let request = Request::get(format!("/v1/secret?{query}"));
        Asked::read(request.body(Full::<Bytes>::default()).expect("a request")).await
    }

    async fn post(body: &str) -> Result<Asked, NoRequest> {
        let request = Request::post("/v1/secret?key=ignored");
        let body = Full::new(Bytes::from(body.to_owned()));
        Asked::read(request.body(body).expect("a request")).await
    }

    fn asked(key: &str, property: &str) -> Result<Asked, NoRequest> {
        Ok(Asked {
            key: key.to_owned(),
            property: property.to_owned(),
            version: String::new(),
        })
    }

    #[tokio::test]
    async fn both_ways_of_asking_are_understood() {
        assert_eq!(get("key=Stripe").await, asked("Stripe", ""));
        assert_eq!(
            get("key=keyarc%3A%2F%2Fpersonal%2Fa%2520b%2Fvalue&property=&version=").await,
            asked("keyarc://personal/a%20b/value", "")
        );
        assert_eq!(
            get("property=a+b&key=M%C3%BCller").await,
            asked("Müller", "a b")
        );
        assert_eq!(post(r#"{"key":"Stripe"}"#).await, asked("Stripe", ""));
        let whole = r#"{"key":"a","property":"b","version":""}"#;
        assert_eq!(post(whole).await, asked("a", "b"));
    }

    #[tokio::test]
    async fn what_would_be_another_question_is_refused() {
        for query in [
            "",
            "key=",
            "key",
            "key=a&key=b",
            "key=a&keys=b",
            "key=a&version=3",
        ] {
            assert!(get(query).await.is_err(), "{query}");
        }
        for body in [
            "",
            "[]",
            "{}",
            "{\"key\":1}",
            "{\"key\":\"a\",\"x\":1}",
            "{\"key\":\"a\",\"version\":\"2\"}",
        ] {
            assert!(post(body).await.is_err(), "{body}");
        }
        let long = format!("{{\"key\":\"{}\"}}", "a".repeat(LONGEST));
        assert_eq!(post(&long).await, Err(NoRequest::TooLong));
    }
}
