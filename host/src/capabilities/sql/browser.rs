//! The SQL Browser, which knows the port of an instance (MC-SQLR): one datagram there, one back.

use url::Url;

use super::error::Error;
use crate::net::Network;

/// Where it listens.
const PORT: u16 = 1434;

/// CLNT_UCAST_INST: asks for one instance.
const ASK: u8 = 0x04;

/// SVR_RESP: what an answer begins with.
const ANSWER: u8 = 0x05;

/// The longest answer about one instance (MC-SQLR section 2.2.5), with its head.
const ANSWER_BYTES: usize = 3 + 1_024;

/// The TCP port of an instance on the host that `url` points to.
pub(super) async fn port(network: &Network, url: &Url, instance: &str) -> Result<u16, Error> {
    let mut question = vec![ASK];
    question.extend_from_slice(instance.as_bytes());
    question.push(0);
    let answer = network.ask(url, PORT, &question, ANSWER_BYTES).await.map_err(|error| match error {
        denied @ crate::net::Error::Denied { .. } => Error::Net(denied),
        // Firewalls leave this port out more often than not.
        other => Error::Instance(format!(
            "the SQL Browser (UDP port {PORT}) does not say where instance `{instance}` is: {other}; name the instance's port instead, `server = host,port`"
        )),
    })?;
    read(&answer, instance).map_err(|problem| {
        Error::Instance(format!(
            "the SQL Browser does not say where instance `{instance}` is: {problem}; name the instance's port instead, `server = host,port`"
        ))
    })
}

/// The TCP port in an answer: `ServerName;S;InstanceName;I;IsClustered;No;Version;15.0.2000.5;tcp;49172;np;\\S\pipe\…;;`.
fn read(answer: &[u8], instance: &str) -> Result<u16, &'static str> {
    let [ANSWER, low, high, text @ ..] = answer else {
        return Err("its answer is of another kind");
    };
    let text = text
        .get(..usize::from(u16::from_le_bytes([*low, *high])))
        .ok_or("its answer is cut short")?;
    let text = String::from_utf8_lossy(text);
    let mut words = text.split(';');
    let mut is_it = false;
    while let (Some(key), Some(value)) = (words.next(), words.next()) {
        match key {
            "" => break,
            "InstanceName" => is_it = value.eq_ignore_ascii_case(instance),
            "tcp" if is_it => {
                return match value.parse() {
                    Ok(port) if port > 0 => Ok(port),
                    _ => Err("the port it names is none"),
                };
            }
            _ => {}
        }
    }
    Err(if is_it {
        "the instance does not listen for TCP"
    } else {
        "it knows no such instance"
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn answer(text: &str) -> Vec<u8> {
        let length = u16::try_from(text.len()).unwrap().to_le_bytes();
        [&[ANSWER], length.as_slice(), text.as_bytes()].concat()
    }

    #[test]
    fn the_port_of_the_instance_is_found() {
        let text =
            r"ServerName;CM1;InstanceName;SITE;IsClustered;No;Version;15.0.2000.5;tcp;49172;np;\\CM1\pipe\sql\query;;";
        assert_eq!(read(&answer(text), "site"), Ok(49172));
        for (text, problem) in [
            (
                "ServerName;CM1;InstanceName;OTHER;IsClustered;No;Version;15;tcp;49172;;",
                "it knows no such instance",
            ),
            (
                r"ServerName;CM1;InstanceName;SITE;IsClustered;No;Version;15;np;\\CM1\pipe;;",
                "the instance does not listen for TCP",
            ),
            ("InstanceName;SITE;tcp;0;;", "the port it names is none"),
            ("", "it knows no such instance"),
        ] {
            assert_eq!(read(&answer(text), "site"), Err(problem), "{text}");
        }
        assert_eq!(read(&[5, 9, 0, b'x'], "site"), Err("its answer is cut short"));
        assert_eq!(read(&[4, 0, 0], "site"), Err("its answer is of another kind"));
    }

    proptest! {
        #[test]
        fn no_answer_makes_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            _ = read(&bytes, "site");
        }
    }
}
