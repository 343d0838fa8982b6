//! A port on loopback, and the thread that serves it.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener as Port};
use std::thread::JoinHandle;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

/// A port that is served until this is dropped.
///
/// It has a thread and a runtime of its own: it can be started with or without a runtime around it, a test that stops its clock does
/// not stop the server's, and what the server costs can be told from what the client costs.
pub(super) struct Listener {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Listener {
    /// Listens, and hands each connection to `serve`.
    pub(super) fn start<F, S>(name: &str, serve: F) -> io::Result<Self>
    where
        F: Fn(TcpStream) -> S + Send + 'static,
        S: Future<Output = ()> + Send + 'static,
    {
        let port = Port::bind((Ipv4Addr::LOCALHOST, 0))?;
        port.set_nonblocking(true)?;
        let address = port.local_addr()?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build()?;
        let (stop, stopped) = oneshot::channel();
        let work = move || {
            runtime.block_on(async {
                tokio::select! {
                    // The handle is gone, one way or another.
                    _ = stopped => (),
                    () = accept(port, serve) => (),
                }
            });
            // Dropping the runtime drops the connections.
        };
        let thread = std::thread::Builder::new()
            .name(format!("stand-in {name}"))
            .spawn(work)?;
        Ok(Self {
            address,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// Where it listens.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // Waits, so that the port is closed when this returns. A panic over there has been reported by its thread.
            _ = thread.join();
        }
    }
}

async fn accept<F, S>(port: Port, serve: F)
where
    F: Fn(TcpStream) -> S,
    S: Future<Output = ()> + Send + 'static,
{
    let Ok(port) = TcpListener::from_std(port) else { return };
    loop {
        match port.accept().await {
            Ok((stream, _)) => {
                // Answers are written whole; waiting for more of them would only delay the client.
                _ = stream.set_nodelay(true);
                tokio::spawn(serve(stream));
            }
            // Out of file descriptors, for one: the connections that are there will end and give theirs back.
            Err(_) => tokio::time::sleep(std::time::Duration::from_millis(10)).await,
        }
    }
}
