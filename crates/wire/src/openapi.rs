//! The OpenAPI 3.1 document, from the same types that are served.
//!
//! What OpenAPI has no word for stands in extensions: `x-permission-set` and `x-rate-limit` on an
//! operation, `x-codes` (a code table) on a field, `x-return-codes` at the top, and `x-title-en`
//! beside a Chinese title. A field's `title` is Chinese, its `description` English. `x-page` marks what only browsers GET:
//! it has no envelope, but around a refusal.

use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

use crate::{
    Endpoint, Envelope, Example, Lang, PersonalEndpoint, RateLimit, ReturnCode, SandboxEndpoint, Text,
    complaint_list, session, token,
};

/// Collects endpoints into one document.
pub struct OpenApi {
    schemas: SchemaGenerator,
    paths: Map<String, Value>,
}

impl Default for OpenApi {
    fn default() -> Self {
        let settings = SchemaSettings::draft2020_12().with(|settings| {
            settings.definitions_path = "/components/schemas".into();
            settings.meta_schema = None;
        });
        OpenApi { schemas: settings.into_generator(), paths: Map::new() }
    }
}

/// What an operation is documented with, beside its types.
struct Operation<'a> {
    id: &'a str,
    title: &'a str,
    limit: Option<RateLimit>,
    permission_set: Option<&'static str>,
    success: &'a str,
    example: Example,
    /// The media types of an answer that is a file.
    files: &'static [&'static str],
}

impl OpenApi {
    /// Adds an interface of the gateway.
    pub fn endpoint<E: Endpoint>(mut self) -> Self {
        let mut request = self.request::<E::Request>(E::REQUIRED);
        let token = json!({
            "type": "string",
            "title": "专属token",
            "description": "The token that /token gave.",
        });
        if let Some(Value::Object(fields)) = request.get_mut("properties") {
            if let Some(taken) = E::TAKES {
                *fields = taken.iter().filter_map(|name| fields.shift_remove_entry(*name)).collect();
            }
            fields.shift_insert(0, "access_token".into(), token);
        }
        if let Some(Value::Array(required)) = request.get_mut("required") {
            required.insert(0, json!("access_token"));
        }
        let operation = self.operation::<E::Response>(Operation {
            id: E::NAME,
            title: E::TITLE,
            limit: Some(E::LIMIT),
            permission_set: Some(E::PERMISSION_SET.name()),
            success: complaint_list::SUCCESS,
            example: E::example(),
            files: E::FILES,
        });
        let mut operation = with_body(operation, request);
        operation["security"] = json!([{}, { "session": [], "csrf": [], "shop": [] }]);
        self.paths.insert(E::path(), json!({ "post": operation }));
        self
    }

    /// Adds an interface that people call for themselves.
    pub fn personal<E: PersonalEndpoint>(mut self) -> Self {
        let request = self.request::<E::Request>(E::REQUIRED);
        let operation = self.operation::<E::Response>(Operation {
            id: E::NAME,
            title: E::TITLE,
            limit: Some(E::LIMIT),
            permission_set: None,
            success: complaint_list::SUCCESS,
            example: E::example(),
            files: &[],
        });
        let mut operation = with_body(operation, request);
        operation["security"] = match (E::SIGNED_IN, E::CSRF) {
            (true, true) => json!([{ "session": [], "csrf": [] }]),
            (true, false) => json!([{ "session": [] }]),
            (false, _) => json!([]),
        };
        self.paths.insert(E::path(), json!({ "post": operation }));
        self
    }

    /// Adds an interface by which a sandbox is steered.
    pub fn sandbox<E: SandboxEndpoint>(mut self) -> Self {
        let request = self.request::<E::Request>(E::REQUIRED);
        let operation = self.operation::<E::Response>(Operation {
            id: E::NAME,
            title: E::TITLE,
            limit: None,
            permission_set: None,
            success: complaint_list::SUCCESS,
            example: E::example(),
            files: &[],
        });
        self.paths.insert(E::path(), json!({ "post": with_body(operation, request) }));
        self
    }

    /// Adds `/token`, by GET with a query (as the vendor's SDKs do) and by POST with a body.
    pub fn token(mut self) -> Self {
        let request = self.request::<token::Request>(token::REQUIRED);
        let operation = |document: &mut Self, id| {
            document.operation::<token::Response>(Operation {
                id,
                title: token::TITLE,
                limit: Some(token::LIMIT),
                permission_set: None,
                success: token::SUCCESS,
                example: token::example(),
                files: &[],
            })
        };
        let mut get = operation(&mut self, "token");
        get["parameters"] = request["properties"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, schema)| {
                json!({
                    "name": name,
                    "in": "query",
                    "required": token::REQUIRED.contains(&name.as_str()),
                    "schema": schema,
                })
            })
            .collect();
        get["x-example-request"] = token::example().request;
        let post = with_body(operation(&mut self, "token.post"), request);
        self.paths.insert(token::PATH.into(), json!({ "get": get, "post": post }));
        self
    }

    /// Adds what browsers GET beside the interfaces: the stream of live updates, and the way to a provider and back.
    pub fn pages(mut self) -> Self {
        let stream =
            json!({ "schema": { "type": "string" }, "example": "event: version\ndata: {\"version\":7}\n\n" });
        let mut events = page("events", "店铺的实时更新 ¦ Live updates of a shop", ReturnCode::NotSignedIn);
        events["description"] = json!(
            "事件 version 给出店铺的版本，变动后一秒内再次给出；另有心跳。\n\n\
             The event `version` gives the shop's version, and again within a second once it has changed; there are signs \
             of life between."
        );
        events["security"] = json!([{ "session": [] }]);
        events["parameters"] = json!([query("app_id", "店铺 id", "The shop's id.")]);
        events["responses"]["200"]["content"]["text/event-stream"] = stream;
        let elsewhere = json!({
            "description": "前往他处 ¦ to another place",
            "headers": { "Location": { "schema": { "type": "string" }, "description": "Where." } },
        });
        let mut start = page("oidc.start", "前往统一登录 ¦ Go to the provider", ReturnCode::NoSuchInterface);
        start["responses"]["303"] = elsewhere.clone();
        let mut back = page(
            "oidc.callback",
            "自统一登录返回 ¦ Come back from the provider",
            ReturnCode::NoSuchInterface,
        );
        back["responses"]["303"] = elsewhere;
        back["parameters"] = json!([
            query("state", "出发时给出的值", "What one went out with."),
            query("code", "授权码", "What stands for who one is."),
        ]);
        for (path, page) in [("/events", events), ("/oidc/start", start), ("/oidc/callback", back)] {
            self.paths.insert(path.into(), json!({ "get": page }));
        }
        self
    }

    /// The document; `version` is the software's.
    pub fn build(mut self, version: &str) -> Value {
        let codes: Vec<Value> = ReturnCode::ALL
            .iter()
            .map(|code| {
                json!({ "code": code.number(), "zh": code.label(Lang::Zh), "en": code.label(Lang::En) })
            })
            .collect();
        json!({
            "openapi": "3.1.0",
            "info": {
                "title": "tousu 投诉接口",
                "version": version,
                "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
                "description":
                    "所有接口以 HTTP 200 返回 {code, data, msg}，code 为 0 表示成功。\n\n\
                     Every interface answers HTTP 200 with {code, data, msg}; code 0 is success.",
            },
            "paths": self.paths,
            "components": {
                "schemas": self.schemas.take_definitions(true),
                "securitySchemes": {
                    "session": scheme("cookie", session::COOKIE, "登录后由服务端设置；此时不传 access_token ¦ set by signing in; there is no access_token then"),
                    "csrf": scheme("header", session::CSRF_HEADER, "tousu.session.open 与 get 返回的 csrf_token ¦ csrf_token as tousu.session.open and get give it"),
                    "shop": scheme("header", session::SHOP_HEADER, "店铺 id ¦ the shop's id"),
                },
            },
            "x-return-codes": codes,
        })
    }

    /// The schema of a request: its fields in the page's order, and which of them must be there.
    fn request<T: JsonSchema>(&mut self, required: &[&str]) -> Value {
        let mut schema = T::json_schema(&mut self.schemas).to_value();
        for field in schema["properties"].as_object_mut().into_iter().flat_map(Map::values_mut) {
            if let Some(field) = field.as_object_mut()
                && field.get("default") == Some(&Value::Null)
            {
                field.shift_remove("default");
            }
        }
        // A request without fields of its own has access_token still to come.
        if schema["properties"].is_null() {
            schema["properties"] = json!({});
        }
        schema["required"] = json!(required);
        schema
    }

    fn operation<T: JsonSchema>(&mut self, operation: Operation<'_>) -> Value {
        let data = self.schemas.subschema_for::<T>();
        let title = Text::from(operation.title);
        let mut value = json!({
            "operationId": operation.id,
            "summary": title.pick(Lang::Zh),
            "x-title-en": title.pick(Lang::En),
            "x-rate-limit": operation.limit.map(|limit| json!({
                "calls": limit.calls,
                "seconds": limit.seconds,
                "text": limit.to_string(),
            })),
            "responses": { "200": {
                "description": "成功或错误，由 code 区分 ¦ success or error: code tells",
                "headers": {
                    "X-Request-Id": { "schema": { "type": "string" }, "description": "The request's id." },
                },
                "content": { "application/json": {
                    "schema": { "oneOf": [
                        {
                            "type": "object",
                            "title": "成功",
                            "required": ["code", "data", "msg"],
                            "properties": {
                                "code": { "type": "integer", "const": 0, "title": "请求结果码" },
                                "data": data,
                                "msg": { "type": "string", "title": "描述信息" },
                            },
                        },
                        refusal(),
                    ] },
                    "example": Envelope { code: 0, data: operation.example.response, msg: operation.success.into() },
                } },
            } },
        });
        if !operation.files.is_empty() {
            let answer = &mut value["responses"]["200"];
            answer["headers"]["X-Export-Id"] =
                json!({ "schema": { "type": "integer" }, "description": "The export's number." });
            let content = &mut answer["content"];
            // Only a refusal has an envelope.
            if let Some(Value::Array(alternatives)) = content["application/json"]["schema"].get_mut("oneOf") {
                alternatives.remove(0);
            }
            content["application/json"]["example"] = refused(ReturnCode::InvalidParameter);
            for media_type in operation.files {
                content[*media_type] = json!({ "schema": { "type": "string", "title": "文件" } });
            }
        }
        if let Some(set) = operation.permission_set {
            value["x-permission-set"] = json!(set);
        }
        value["x-example-request"] = operation.example.request;
        value
    }
}

/// A page that is refused in the usual form, by that code among others.
fn page(id: &str, title: &str, code: ReturnCode) -> Value {
    let title = Text::from(title);
    json!({
        "operationId": id,
        "summary": title.pick(Lang::Zh),
        "x-title-en": title.pick(Lang::En),
        "x-page": true,
        "security": [],
        "responses": { "200": {
            "description": "见内容类型 ¦ the content type tells",
            "content": { "application/json": { "schema": refusal(), "example": refused(code) } },
        } },
    })
}

fn query(name: &str, title: &str, description: &str) -> Value {
    let schema = json!({ "type": "string", "title": title });
    json!({ "name": name, "in": "query", "required": true, "description": description, "schema": schema })
}

/// The schema of a refusal.
fn refusal() -> Value {
    let codes: Vec<i64> =
        ReturnCode::ALL.iter().map(|code| code.number()).filter(|&number| number != 0).collect();
    json!({
        "type": "object",
        "title": "错误",
        "required": ["code", "data", "msg"],
        "properties": {
            "code": { "type": "integer", "enum": codes, "title": "请求结果码" },
            "data": { "type": "null" },
            "msg": { "type": "string", "title": "描述信息" },
        },
    })
}

/// A refusal by that code.
fn refused(code: ReturnCode) -> Value {
    json!({ "code": code.number(), "data": null, "msg": code.label(Lang::Zh) })
}

/// How a person's call is known.
fn scheme(place: &str, name: &str, description: &str) -> Value {
    json!({ "type": "apiKey", "in": place, "name": name, "description": description })
}

/// The operation with a JSON body of that schema.
fn with_body(mut operation: Value, schema: Value) -> Value {
    let example = operation["x-example-request"].clone();
    operation["requestBody"] = json!({
        "required": true,
        "content": { "application/json": { "schema": schema, "example": example } },
    });
    operation
}
