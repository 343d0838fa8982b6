//! `mac_model_from_sn` called from Python, with somebody else to answer than Apple's models on the web.

use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use oomnitza_connector::config::schema::{Description, Incremental, RecordKind};
use oomnitza_connector::config::{self, Ini};
use oomnitza_connector::mapping::{
    Converter, Field, Interpreter, LookUp, Mappers, Merged, Origin, Plan, Programs, Scripts,
};
use oomnitza_connector::sandbox::{Digest, Engine, Limits, Loader, Page};
use serde_json::{Value, json};

/// Knows one serial number, and what it was asked.
#[derive(Default)]
struct Known(Mutex<Vec<String>>);

impl LookUp for Known {
    fn mac_models(&self, serials: Vec<String>) -> Pin<Box<dyn Future<Output = Vec<Option<String>>> + Send + '_>> {
        let model = |serial: &String| (serial == "C02X").then(|| "MacBook Pro".to_owned());
        let models = serials.iter().map(model).collect();
        self.0.lock().unwrap().extend(serials);
        Box::pin(async move { models })
    }
}

const INI: &str = "[sample]\nenable = True\nsync_field = MINE\n[converters]\nmine:\n    return converter(record, 'mac_model_from_sn', value=value)\n\
    computed:\n    return converter(record, 'mac_model_' + 'from_sn', value=value)\n";

fn description() -> Description {
    Description {
        id: "sample".into(),
        title: "Sample".into(),
        version: "1".into(),
        kind: RecordKind::Assets,
        mapping_name: "Sample".into(),
        settings: vec![],
        mappings: vec![],
        converters: vec![],
        endpoints: vec![],
        auth: vec![],
        incremental: Incremental::Never,
        cases: vec![],
    }
}

/// The mapped records of a page, and the serial numbers that were looked up.
async fn mapped(converters: &[&str], page: &'static str, count: usize) -> (Vec<Value>, Vec<String>) {
    let engine = Engine::new().unwrap();
    let limits = Limits::default();
    let loader = Loader::new(engine.clone(), None, limits.clone());
    let built = |name: &str| {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/components/");
        let bytes = std::fs::read(format!("{path}{name}.cwasm")).expect("run `make build` first");
        &*Box::leak(bytes.into_boxed_slice())
    };
    let digest = Digest::known([0; 32]);
    let mapper = loader.built_in_mapper(built("mapper"), digest).unwrap();
    let interpreter = Interpreter {
        engine: engine.clone(),
        component: loader.built_in_script(built("python"), digest).unwrap(),
        limits: limits.clone(),
        now: Duration::ZERO,
    };

    let ini = Ini::parse(Path::new("config.ini"), INI.into()).unwrap();
    let section = config::section(&ini, &ini.sections[0], &description(), &|_| None).unwrap();
    let field = |name: &&str| Field {
        name: name.to_uppercase(),
        origin: Origin::Source("model".to_owned()),
        converter: Converter::parse(name),
        required: false,
    };
    let merged = Merged {
        fields: converters.iter().map(field).collect(),
        converters: vec![],
        normal_position: false,
    };
    let programs = Programs::new(None, config::converters(&ini), |name| converters.contains(&name)).unwrap();
    let checked = programs.check(&interpreter).await.unwrap();
    let plan = Plan::new(&merged, &section, Some(&programs), None);
    let scripts = Scripts::new(
        Arc::new(programs),
        &checked,
        interpreter,
        (&merged, &section),
        mapper.clone(),
        None,
    );
    let known = Arc::new(Known::default());
    let mappers = Mappers::open(&engine, &mapper, &limits, plan, Some(scripts), known.clone(), 1)
        .await
        .unwrap();

    let (pages, taken) = tokio::sync::mpsc::channel(1);
    let (out, mut done) = tokio::sync::mpsc::channel(1);
    let records = page.as_bytes().into();
    pages
        .send(Page {
            records,
            count,
            cursor: None,
            misses: vec![],
        })
        .await
        .unwrap();
    drop(pages);
    mappers.run(taken, out).await.unwrap();
    let records = done.recv().await.unwrap().records;
    let records = serde_json::Deserializer::from_slice(&records).into_iter();
    let records = records.map(Result::unwrap).collect();
    let mut asked = known.0.lock().unwrap().clone();
    asked.sort();
    (records, asked)
}

#[tokio::test]
async fn mac_model_from_sn_knows_the_records_of_the_page() {
    let page = r#"[{"model": "Mac", "general": {"serial_number": "C02X"}}, {"model": "Mac", "general": {"serial_number": "C03Y"}}, {"model": "PC"}]"#;
    for python in ["mine", "computed"] {
        let (records, asked) = mapped(&["mac_model_from_sn", python], page, 3).await;
        let python = python.to_uppercase();
        let expected =
            ["MacBook Pro", "Mac", "PC"].map(|model| json!({"MAC_MODEL_FROM_SN": model, python.as_str(): model}));
        assert_eq!(records, expected);
        // Once for the mapping's converter and once for the code's: the look-ups of a run remember.
        assert_eq!(asked, ["C02X", "C02X", "C03Y", "C03Y"]);
    }
}
