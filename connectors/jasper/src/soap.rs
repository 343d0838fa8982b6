//! The Terminal service's SOAP 1.1: envelopes with a WS-Security user name token, and faults in words.

use oomnitza_sdk::clock;
use oomnitza_sdk::prelude::*;
use oomnitza_sdk::xml::{Element, escape};

/// The auth slot; the host puts its credentials in place of what the envelope has between `@`s.
pub(crate) const SLOT: &str = "account";

/// How often a request is sent whose service fails: the host does not repeat what is answered with a fault.
const TRIES: u32 = 3;

/// An account is metered, about five requests a second; a refusal says nothing of when to come back.
static RATE_LIMIT: RateLimit = RateLimit::unsaid();

/// A request of the service: `GetModifiedTerminals` with its own elements.
pub(crate) fn request(service: &str, operation: &str, elements: &str) -> Request {
    let envelope = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <soap:Envelope xmlns:soap=\"http://schemas.xmlsoap.org/soap/envelope/\"><soap:Header>\
         <wsse:Security xmlns:wsse=\"http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd\" soap:mustUnderstand=\"1\">\
         <wsse:UsernameToken><wsse:Username>@USERNAME@</wsse:Username>\
         <wsse:Password Type=\"http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordText\">@PASSWORD@</wsse:Password>\
         </wsse:UsernameToken></wsse:Security></soap:Header><soap:Body>\
         <{operation}Request xmlns=\"http://api.jasperwireless.com/ws/schema\"><messageId/><version/>\
         <licenseKey>@LICENSE_KEY@</licenseKey>{elements}</{operation}Request></soap:Body></soap:Envelope>"
    );
    Request::post(service, envelope)
        .header("Content-Type", "text/xml; charset=utf-8")
        .header(
            "SOAPAction",
            &format!("\"http://api.jasperwireless.com/ws/service/terminal/{operation}\""),
        )
        .auth(SLOT)
        // Both operations only read.
        .repeatable()
        .rate_limit(&RATE_LIMIT)
}

/// Sends requests of one operation side by side, those on which the service fails once more after waits that grow: their responses in the
/// order of the requests, or the faults. What no request is to blame for ends it all.
pub(crate) fn send(requests: Vec<Request>, operation: &str) -> Result<Vec<std::result::Result<Element, Error>>> {
    let mut said: Vec<_> = requests.iter().map(|_| None).collect();
    let mut open: Vec<(usize, Request)> = requests.into_iter().enumerate().collect();
    for attempt in 0..TRIES {
        if attempt > 0 {
            info!("{operation}: the service failed, asking once more");
            clock::sleep(1_000 << attempt);
        }
        let answers = send_all(open.iter().map(|(_, request)| request.clone()).collect());
        let mut failed = Vec::new();
        for ((index, request), answer) in open.into_iter().zip(answers) {
            let answer = response(answer?, operation)?;
            if matches!(answer, Err(Error::Failed(_))) {
                failed.push((index, request));
            }
            if let Some(place) = said.get_mut(index) {
                *place = Some(answer);
            }
        }
        if failed.is_empty() {
            break;
        }
        open = failed;
    }
    Ok(said.into_iter().flatten().collect())
}

/// An element with this text.
pub(crate) fn element(name: &str, text: &str) -> String {
    format!("<{name}>{}</{name}>", escape(text))
}

/// The response in an answer, or the fault. A fault comes with status 500 or, from some servers, 200; a refused sign-in is an error.
fn response(answer: Response, operation: &str) -> Result<std::result::Result<Element, Error>> {
    let is_envelope = (200..300).contains(&answer.status) || answer.status == 500;
    let body = match answer.xml() {
        Ok(envelope) if is_envelope => envelope.into_children("Body").into_iter().next(),
        Err(error) if (200..300).contains(&answer.status) => return Err(error),
        _ => None,
    };
    let Some(body) = body else {
        let answer = answer.success()?;
        return Err(answer.unexpected("without a SOAP body"));
    };
    if let Some(fault) = body.child("Fault") {
        return match explain(fault, operation) {
            error @ Error::SignIn(_) => Err(error),
            fault => Ok(Err(fault)),
        };
    }
    let name = format!("{operation}Response");
    let response = body.into_children(&name).into_iter().next();
    response
        .map(Ok)
        .ok_or_else(|| answer.unexpected(format!("without a {name}")))
}

/// A fault in words. Its text is a number, and what the number means stands in its detail; that the number 100100 speaks of credentials
/// is known from what people report, the operators' own table is not public.
fn explain(fault: &Element, operation: &str) -> Error {
    let text = |name: &str| fault.child(name).map(Element::text).unwrap_or_default();
    let code = text("faultcode").rsplit(':').next().unwrap_or_default();
    let number = text("faultstring");
    let detail = fault.child("detail").map(words).unwrap_or_default();
    let is_sign_in = number == "100100" || ["FailedAuthentication", "InvalidSecurity", "FailedCheck"].contains(&code);
    let meaning = match code {
        _ if is_sign_in => "user name, password or licence key (`api_token`) is not accepted",
        "Client" => "the service does not accept the request",
        "Server" => "the service failed",
        _ => "the service answered a fault",
    };
    let said: Vec<&str> = [code, number, detail.as_str()]
        .into_iter()
        .filter(|text| !text.is_empty())
        .collect();
    let text = format!("{operation}: {meaning} ({})", said.join(", "));
    match code {
        _ if is_sign_in => Error::SignIn(text),
        "Server" => Error::Failed(text),
        _ => Error::Unexpected(text),
    }
}

/// All texts of an element.
fn words(element: &Element) -> String {
    let own = std::iter::once(element.text().to_owned());
    let texts: Vec<String> = own
        .chain(element.children().iter().map(words))
        .filter(|text| !text.is_empty())
        .collect();
    texts.join(" ")
}
