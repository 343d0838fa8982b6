//! Programs of others that are asked for a secret: without a shell, within a time, and what they print within a length.

use std::io::ErrorKind;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::Command;
use zeroize::Zeroizing;

use crate::redact::clean;

/// The longest that one may take: whoever has to type something in between is not there when a scheduler runs it.
pub(super) const LONGEST: Duration = Duration::from_secs(30);

/// Bytes of what a failing program says that are shown.
const SAID_BYTES: usize = 300;

/// How a program ended.
pub(super) struct Ended {
    /// What it printed.
    pub printed: Zeroizing<Vec<u8>>,
    /// The beginning of what it said on standard error.
    said: Vec<u8>,
    pub status: ExitStatus,
}

/// Why one did not end by itself.
pub(super) enum Failed {
    Start(std::io::Error),
    Slow(Duration),
    Read(std::io::Error),
}

/// Runs a program with this on its standard input.
pub(super) async fn run(mut command: Command, input: &[u8], most: usize, longest: Duration) -> Result<Ended, Failed> {
    let stdin = if input.is_empty() {
        Stdio::null()
    } else {
        Stdio::piped()
    };
    command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped());
    // Where nobody waits for it any more it is of no use.
    let mut child = command.kill_on_drop(true).spawn().map_err(Failed::Start)?;
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let work = async {
        let written = async {
            if let Some(mut stdin) = stdin {
                // One that does not want to read it says itself what it lacks.
                _ = stdin.write_all(input).await;
            }
            Ok(())
        };
        let ((), printed, said) = tokio::try_join!(written, whole(stdout, most), first(stderr))?;
        Ok::<_, std::io::Error>(Ended {
            printed,
            said,
            status: child.wait().await?,
        })
    };
    tokio::time::timeout(longest, work)
        .await
        .map_err(|_| Failed::Slow(longest))?
        .map_err(Failed::Read)
}

impl Ended {
    /// What it said on standard error.
    pub(super) fn said(&self) -> String {
        clean(String::from_utf8_lossy(&self.said).trim(), SAID_BYTES)
    }

    /// How it ended, and what it said.
    pub(super) fn how(&self) -> String {
        let ended = match self.status.code() {
            Some(code) => format!("ended with exit code {code}"),
            None => "was ended by a signal".to_owned(),
        };
        match self.said().as_str() {
            "" => ended,
            said => format!("{ended}: {said}"),
        }
    }
}

/// All of a stream that can be a secret. One that is longer is read no further: its program may never end.
async fn whole(stream: Option<impl AsyncRead + Unpin>, most: usize) -> std::io::Result<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(most + 1));
    if let Some(stream) = stream {
        stream.take(most as u64 + 1).read_to_end(&mut bytes).await?;
    }
    if bytes.len() > most {
        let what = format!("is longer than {} KiB", most >> 10);
        return Err(std::io::Error::new(ErrorKind::FileTooLarge, what));
    }
    Ok(bytes)
}

/// The first bytes of what one says. The rest is read and dropped, so that it does not wait to write it.
async fn first(stream: Option<impl AsyncRead + Unpin>) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if let Some(mut stream) = stream {
        (&mut stream)
            .take(SAID_BYTES as u64 * 4)
            .read_to_end(&mut bytes)
            .await?;
        tokio::io::copy(&mut stream, &mut tokio::io::sink()).await?;
    }
    Ok(bytes)
}
