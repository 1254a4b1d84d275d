//! Messages of JSON-RPC 2.0, as much of it as the protocol uses: no batches.

use serde_json::{Value, json};

/// Why a request is not answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RpcError {
    code: i32,
    message: String,
}

impl RpcError {
    /// What came is no JSON.
    pub fn syntax() -> Self {
        Self::new(-32_700, "this is no JSON")
    }

    /// What came is no request.
    pub fn request(why: &str) -> Self {
        Self::new(-32_600, why)
    }

    /// There is no such method.
    pub fn method(name: &str) -> Self {
        Self::new(-32_601, &format!("there is no method {name}"))
    }

    /// The parameters are not as they must be.
    pub fn params(why: &str) -> Self {
        Self::new(-32_602, why)
    }

    fn new(code: i32, message: &str) -> Self {
        Self {
            code,
            message: message.to_owned(),
        }
    }
}

/// A request or a notification.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// A text or a number; `None` for a notification.
    pub id: Option<Value>,
    /// What is asked for.
    pub method: String,
    /// With what.
    pub params: Value,
}

impl Message {
    /// Reads a line. `None` for an answer, since nothing is asked of the client. The error has the
    /// id of what it is about, or null.
    pub fn read(line: &[u8]) -> Result<Option<Self>, (Value, RpcError)> {
        let Ok(mut value) = serde_json::from_slice::<Value>(line) else {
            return Err((Value::Null, RpcError::syntax()));
        };
        let id = value.get("id").cloned();
        let of = id.clone().unwrap_or(Value::Null);
        let wrong = |why| Err((of, RpcError::request(why)));
        if value["jsonrpc"] != "2.0" {
            return wrong("a message is an object of JSON-RPC 2.0");
        }
        let Some(method) = value["method"].as_str().map(str::to_owned) else {
            let is_answer = value.get("result").is_some() || value.get("error").is_some();
            return match is_answer {
                true => Ok(None),
                false => wrong("a request has a method"),
            };
        };
        if id
            .as_ref()
            .is_some_and(|id| !id.is_string() && !id.is_number())
        {
            return Err((
                Value::Null,
                RpcError::request("an id is a text or a number"),
            ));
        }
        Ok(Some(Self {
            id,
            method,
            params: value["params"].take(),
        }))
    }
}

/// An answer.
pub fn answered(id: &Value, result: Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "result": result })
}

/// The answer that there is none.
pub fn refused(id: &Value, error: &RpcError) -> Value {
    json!({
        "jsonrpc": "2.0",
        "id": id,
        "error": { "code": error.code, "message": error.message },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_read_and_what_is_none_is_told() {
        let read = |text: &str| Message::read(text.as_bytes());
        let ping = read(r#"{"jsonrpc":"2.0","id":"a","method":"ping"}"#).expect("reads");
        let ping = ping.expect("a request");
        assert_eq!((ping.id, ping.method.as_str()), (Some(json!("a")), "ping"));
        let note = read(r#"{"jsonrpc":"2.0","method":"x","params":{"a":1}}"#).expect("reads");
        assert_eq!(
            note.map(|note| (note.id, note.params)),
            Some((None, json!({ "a": 1 })))
        );
        assert_eq!(read(r#"{"jsonrpc":"2.0","id":1,"result":{}}"#), Ok(None));
        for (text, code) in [
            ("", -32_700),
            ("{", -32_700),
            ("[]", -32_600),
            ("null", -32_600),
            (r#"{"id":1,"method":"ping"}"#, -32_600),
            (r#"{"jsonrpc":"2.0","id":1}"#, -32_600),
            (r#"{"jsonrpc":"2.0","id":{},"method":"ping"}"#, -32_600),
            (r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#, -32_600),
        ] {
            let (_, error) = read(text).expect_err("is refused");
            assert_eq!(error.code, code, "{text}");
        }
    }
}
