//! The page of the API: what the description says, for people.
//!
//! The description is in English, and so is all that the page says of it, whatever the language
//! of what stands around it.

use leptos::prelude::*;
use serde_json::Value;

use super::description::{Body, Description, Operation, Parameter, Schema, named};

/// The media type of every error, which is said once.
const PROBLEM: &str = "application/problem+json";

pub(super) fn view() -> impl IntoView {
    let description = Description::read();
    view! {
        <article class="site-page site-prose site-api">
            <h1>{t!("The API")}</h1>
            <p class="site-lead">
                {t!("Everything that a program needs to speak to this server. It gives and takes \
                     ciphertext: what opens it stays with you.")}
            </p>
            <p>
                <a href="/api/openapi.json">{t!("The same as an OpenAPI 3.1 document")}</a>
                {t!(". The reference is in English.")}
            </p>
            {contents(&description)}
            <section lang="en" data-untranslated="">
                <h2 id="conventions">"Conventions"</h2>
                {paragraphs(&description.info.description)}
                <p>
                    "What an error says is an " <a href=format!("#{}", type_anchor("ApiError"))>"ApiError"</a>
                    ", of the type "<code>{PROBLEM}</code>"."
                </p>
            </section>
            {description
                .tags
                .iter()
                .map(|tag| {
                    let operations: Vec<_> = description
                        .operations(&tag.name)
                        .map(|(method, path, parameters, operation)| {
                            operation_view(&description, method, path, &parameters, operation)
                        })
                        .collect();
                    view! {
                        <section lang="en" data-untranslated="">
                            <h2 id=anchor(&tag.name)>{tag.name.clone()}</h2>
                            {paragraphs(&tag.description)}
                            {operations}
                        </section>
                    }
                })
                .collect_view()}
            {types(&description)}
        </article>
    }
}

/// Where everything is.
fn contents(description: &Description) -> impl IntoView + use<> {
    let areas: Vec<_> = description
        .tags
        .iter()
        .map(|tag| {
            let links: Vec<_> = description
                .operations(&tag.name)
                .map(|(_, _, _, operation)| {
                    let href = format!("#{}", operation.operation_id);
                    view! { <li><a href=href>{operation.summary.clone()}</a></li> }
                })
                .collect();
            let href = format!("#{}", anchor(&tag.name));
            view! { <li><a href=href>{tag.name.clone()}</a><ul>{links}</ul></li> }
        })
        .collect();
    view! {
        <nav class="site-api-contents" aria-label=t!("On this page")>
            <ul lang="en" data-untranslated="">
                <li><a href="#conventions">"Conventions"</a></li>
                {areas}
                <li><a href="#types">"Types"</a></li>
            </ul>
        </nav>
    }
}

fn operation_view(
    description: &Description,
    method: &'static str,
    path: &str,
    parameters: &[&Parameter],
    operation: &Operation,
) -> impl IntoView + use<> {
    let id = operation.operation_id.clone();
    let request = operation.request_body.as_ref().map(|body| {
        view! { <h4>"Request"</h4> {content(body)} }
    });
    let answers: Vec<_> = operation
        .responses
        .iter()
        .map(|(status, response)| {
            let response = description.response(response);
            let words = response.description.as_deref().unwrap_or_default();
            view! { <div><dt>{status.clone()}</dt><dd>{inline(words)} {content(response)}</dd></div> }
        })
        .collect();
    let fields: Vec<_> = parameters
        .iter()
        .map(|parameter| {
            field(
                &parameter.name,
                &parameter.schema,
                &parameter.description,
                false,
            )
        })
        .collect();
    let fields = (!fields.is_empty()).then(|| {
        view! { <h4>"In the address"</h4> <dl class="site-list">{fields}</dl> }
    });
    view! {
        <section class="site-api-operation">
            <h3 id=id.clone()><a href=format!("#{id}")>{operation.summary.clone()}</a></h3>
            <pre><b>{method}</b> " " {path.to_owned()}</pre>
            {paragraphs(&operation.description)}
            <p class="site-fine">{shown(operation)}</p>
            <details>
                <summary>
                    "Fields and answers"
                    <span class="site-hidden">" " {operation.summary.clone()}</span>
                </summary>
                {fields} {request}
                <h4>"Answers"</h4>
                <dl class="site-list">{answers}</dl>
            </details>
        </section>
    }
}

/// What a request has to show.
fn shown(operation: &Operation) -> String {
    let name = |scheme: &str| match scheme {
        "accessToken" => "an access token",
        "sessionToken" => "the session token",
        _ => "a browser’s session cookie",
    };
    let ways: Vec<&str> = operation
        .security
        .iter()
        .flat_map(|schemes| schemes.keys())
        .map(|scheme| name(scheme))
        .collect();
    match ways.as_slice() {
        [] => "Needs no session.".to_owned(),
        ways => format!("Needs {}.", ways.join(" or ")),
    }
}

fn content(body: &Body) -> impl IntoView + use<> {
    body.content
        .iter()
        .filter(|(media, _)| *media != PROBLEM)
        .map(|(media, content)| {
            let example = content
                .example
                .as_ref()
                .and_then(|example| serde_json::to_string_pretty(example).ok())
                .map(|text| view! { <pre>{text}</pre> });
            view! {
                <p>
                    <code>{media.clone()}</code> " " {kind(&content.schema)}
                </p>
                {example}
            }
        })
        .collect_view()
}

fn types(description: &Description) -> impl IntoView + use<> {
    let types: Vec<_> = description
        .components
        .schemas
        .iter()
        .map(|(name, schema)| {
            let words = schema.description.as_deref().map(paragraphs);
            view! {
                <section class="site-api-type">
                    <h3 id=type_anchor(name)><code>{name.clone()}</code></h3>
                    {words}
                    // Laid out when somebody looks: there are a hundred of them.
                    <details>
                        <summary>"What it has"</summary>
                        {members(schema)}
                    </details>
                </section>
            }
        })
        .collect();
    view! {
        <section lang="en" data-untranslated="">
            <h2 id="types">"Types"</h2>
            {types}
        </section>
    }
}

/// The fields of an object, or the choices of an enumeration; the kind of anything else.
fn members(schema: &Schema) -> AnyView {
    let entries: Vec<_> = if schema.properties.is_empty() {
        schema.one_of.iter().flat_map(choices).collect()
    } else {
        schema
            .properties
            .iter()
            .map(|(name, property)| {
                let is_optional = !schema.required.contains(name);
                let words = property.description.as_deref().unwrap_or_default();
                field(name, property, words, is_optional).into_any()
            })
            .collect()
    };
    match entries.is_empty() {
        true => view! { <p>{kind(schema)}</p> }.into_any(),
        false => view! { <dl class="site-list">{entries}</dl> }.into_any(),
    }
}

/// One choice, or several that need no words.
fn choices(choice: &Schema) -> Vec<AnyView> {
    let words = choice.description.as_deref().unwrap_or_default();
    let entry = |label: String, kind: Option<AnyView>| {
        view! { <div><dt><code>{label}</code></dt><dd>{kind} {inline(words)}</dd></div> }.into_any()
    };
    let fixed = choice.constant.iter().chain(&choice.among).map(text);
    let fixed = fixed.map(|label| entry(label, None));
    let wrapped = choice.properties.iter().map(|(name, inner)| {
        let kind = view! { <p class="site-fine">{kind(inner)}</p> }.into_any();
        entry(name.clone(), Some(kind))
    });
    fixed.chain(wrapped).collect()
}

fn field(name: &str, schema: &Schema, words: &str, is_optional: bool) -> impl IntoView + use<> {
    let optional = is_optional.then_some(", may be left out");
    view! {
        <div>
            <dt><code>{name.to_owned()}</code></dt>
            <dd>
                <p class="site-fine">{kind(schema)} {optional}</p>
                {inline(words)}
            </dd>
        </div>
    }
}

/// What a value is, with a link where it has a name.
fn kind(schema: &Schema) -> AnyView {
    if let Some(place) = &schema.place {
        let name = named(place).to_owned();
        let href = format!("#{}", type_anchor(&name));
        return view! { <a href=href>{name}</a> }.into_any();
    }
    if let Some(items) = &schema.items {
        return view! { "list of " {kind(items)} }.into_any();
    }
    if !schema.any_of.is_empty() {
        return joined(schema.any_of.iter().map(kind).collect());
    }
    let kinds = schema.kinds().into_iter();
    joined(kinds.map(|kind| kind.to_owned().into_any()).collect())
}

fn joined(parts: Vec<AnyView>) -> AnyView {
    parts
        .into_iter()
        .enumerate()
        .map(|(at, part)| {
            let before = (at > 0).then_some(" or ");
            view! { {before} {part} }
        })
        .collect_view()
        .into_any()
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn paragraphs(text: &str) -> Vec<AnyView> {
    text.split("\n\n")
        .map(|paragraph| view! { <p>{inline(paragraph)}</p> }.into_any())
        .collect()
}

/// Text with what stands between backticks as code.
fn inline(text: &str) -> Vec<AnyView> {
    text.split('`')
        .enumerate()
        .map(|(at, part)| match at % 2 {
            0 => part.to_owned().into_any(),
            _ => view! { <code>{part.to_owned()}</code> }.into_any(),
        })
        .collect()
}

/// `Log in and out` is found at `log-in-and-out`.
fn anchor(name: &str) -> String {
    name.to_lowercase().replace(' ', "-")
}

fn type_anchor(name: &str) -> String {
    format!("type-{name}")
}
