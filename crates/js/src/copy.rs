use std::{collections::BTreeSet, rc::Rc};

use js_sys::{Array, Object, Promise, Reflect};
use keyarc_client::{ClientError, FetchTransport, Host as _, Machine, MachineError};
use keyarc_crypto::MachineToken;
use keyarc_lookup::{Row, Wanted, find, not_found, rows, value, values};
use keyarc_reference::Reference;
use keyarc_vault::Item;
use keyarc_wire::ItemId;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};
use wasm_bindgen_futures::future_to_promise;
use zeroize::Zeroizing;

use crate::{
    failure::{Failure, as_value},
    host::JsHost,
};

type Opened = Machine<FetchTransport, JsHost>;

#[wasm_bindgen(typescript_custom_section)]
const ROW: &str = "
/** An item as a list shows it: what `keyarc ls --json` has of it. */
export interface Row {
  /** Thirty-two hexadecimal digits. */
  id: string;
  name: string;
  /** `Payments/EU`; empty for none. */
  folder: string;
  environment: string | null;
  kind: 'api_key' | 'login' | 'note' | 'environment_set' | 'totp' | 'certificate' | 'ssh_key';
  /** Who a key is of, if that is known. */
  provider: string | null;
  tags: string[];
  /** `2027-01-31`; `null` for never. */
  expires_on: string | null;
  /** Counts its changes, from 1. */
  version: number;
}

/** An item with all its values, by the names that references call them. */
export interface Item extends Row {
  fields: Record<string, string>;
}
";

/// What a token opens. Its keys are wiped when it is freed; what is being read at that time still
/// comes.
#[wasm_bindgen]
pub struct OpenedCopy(Rc<Opened>);

/// Fetches and opens what a token is good for.
#[wasm_bindgen]
pub async fn open(origin: String, token: String) -> Result<OpenedCopy, JsValue> {
    let token = Zeroizing::new(token);
    Ok(OpenedCopy(Rc::new(opened(&origin, &token).await?)))
}

async fn opened(origin: &str, token: &str) -> Result<Opened, Failure> {
    let token = MachineToken::parse(token)?;
    let transport = FetchTransport::to(origin)?;
    Ok(Machine::open(transport, JsHost, origin, &token).await?)
}

#[wasm_bindgen]
impl OpenedCopy {
    /// The token's id, which is no secret.
    #[wasm_bindgen(getter)]
    pub fn id(&self) -> String {
        self.0.id().to_string()
    }

    /// When the token ends, Unix milliseconds; nothing for never.
    #[wasm_bindgen(getter, js_name = expiresAtMs)]
    pub fn expires_at_ms(&self) -> Option<f64> {
        self.0.expires_at_ms().map(|end| end as f64)
    }

    /// All items, by folder and name.
    #[wasm_bindgen(unchecked_return_type = "Row[]")]
    pub fn list(&self) -> JsValue {
        let rows: Vec<Row> = self.0.look(rows).into_iter().map(Row::of).collect();
        as_value(&rows)
    }

    /// The values of references, in their order. None is given when one of them is not there.
    #[wasm_bindgen(unchecked_return_type = "Promise<string[]>")]
    pub fn read(&self, references: Vec<String>, environment: Option<String>) -> Promise {
        let copy = Rc::clone(&self.0);
        future_to_promise(async move {
            let read = read(&copy, &references, environment.as_deref()).await?;
            let texts = read.iter().map(|text| JsValue::from_str(text));
            Ok(texts.collect::<Array>().into())
        })
    }

    /// All of one item, which is named by a reference, as `folder/item`, or by its name alone.
    #[wasm_bindgen(unchecked_return_type = "Promise<Item>")]
    pub fn item(&self, name: String, environment: Option<String>) -> Promise {
        let copy = Rc::clone(&self.0);
        future_to_promise(async move {
            let item = named(&copy, &name, environment.as_deref()).await?;
            whole(&item)
        })
    }

    /// All of the one item that has an id.
    #[wasm_bindgen(js_name = itemOf, unchecked_return_type = "Promise<Item>")]
    pub fn item_of(&self, id: String) -> Promise {
        let copy = Rc::clone(&self.0);
        future_to_promise(async move {
            let item = identified(&copy, &id).await?;
            whole(&item)
        })
    }
}

async fn read(
    copy: &Opened,
    references: &[String],
    environment: Option<&str>,
) -> Result<Vec<Zeroizing<String>>, Failure> {
    let mut wanted = Vec::with_capacity(references.len());
    for text in references {
        let reference: Reference = text.parse()?;
        let field = reference.field.clone();
        wanted.push((Wanted::from(reference).of_environment(environment), field));
    }
    let rows = copy.look(rows);
    let ids: Vec<ItemId> = wanted
        .iter()
        .map(|(wanted, _)| find(&rows, wanted))
        .collect::<Result<_, _>>()?;
    let different: BTreeSet<ItemId> = ids.iter().copied().collect();
    let different: Vec<ItemId> = different.into_iter().collect();
    let items = copy.read_many(&different).await?;
    let now = JsHost.now_ms();
    let mut found = Vec::with_capacity(wanted.len());
    for ((wanted, field), id) in wanted.iter().zip(&ids) {
        // It may have left the copy this moment.
        let item = items.iter().find(|item| item.summary.id == *id);
        let item = item.ok_or_else(|| not_found(&rows, wanted))?;
        found.push(value(item, field, now)?);
    }
    Ok(found)
}

async fn named(copy: &Opened, name: &str, environment: Option<&str>) -> Result<Item, Failure> {
    let wanted = Wanted::typed(name, None)?.of_environment(environment);
    let id = find(&copy.look(rows), &wanted)?;
    Ok(copy.reveal(id).await?)
}

async fn identified(copy: &Opened, id: &str) -> Result<Item, Failure> {
    let unknown = |_| MachineError::from(ClientError::NotFound);
    Ok(copy.reveal(id.parse().map_err(unknown)?).await?)
}

fn whole(item: &Item) -> Result<JsValue, JsValue> {
    let fields = values(item, JsHost.now_ms());
    let fields = fields
        .iter()
        .map(|value| Array::of2(&value.name.as_str().into(), &value.text.as_str().into()))
        .collect::<Array>();
    let told = as_value(&Row::of(item.summary.clone()));
    Reflect::set(
        &told,
        &"fields".into(),
        &Object::from_entries(&fields)?.into(),
    )?;
    Ok(told)
}
