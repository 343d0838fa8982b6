//! A way to a server that ends at a certain byte, so that "in the middle" is always at the same place.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};

/// Stands before a server for one connection. When the server has answered so many bytes, `cut` is called, once; what is on the way
/// then still comes through. Returns the port.
pub fn start(server: u16, bytes: usize, cut: impl FnOnce() + Send + 'static) -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
    let port = listener.local_addr().expect("it has an address").port();
    std::thread::spawn(move || {
        let (client, _) = listener.accept().expect("somebody comes");
        let server = TcpStream::connect((Ipv4Addr::LOCALHOST, server)).expect("the server is there");
        let questions = (
            client.try_clone().expect("a socket has two ends"),
            server.try_clone().expect("a socket has two ends"),
        );
        std::thread::spawn(move || pass_questions(questions.0, questions.1));
        pass_answers(server, client, bytes, cut);
    });
    port
}

/// Passes on what the client says, to nobody once the server is gone: the client must notice by the answers.
fn pass_questions(mut client: TcpStream, mut server: TcpStream) {
    let mut buffer = [0; 4096];
    while let Ok(read @ 1..) = client.read(&mut buffer) {
        _ = server.write_all(&buffer[..read]);
    }
    _ = server.shutdown(Shutdown::Write);
}

fn pass_answers(mut server: TcpStream, mut client: TcpStream, mut left: usize, cut: impl FnOnce()) {
    let mut cut = Some(cut);
    let mut buffer = [0; 4096];
    while let Ok(read @ 1..) = server.read(&mut buffer) {
        if client.write_all(&buffer[..read]).is_err() {
            break;
        }
        left = left.saturating_sub(read);
        if left == 0
            && let Some(cut) = cut.take()
        {
            cut();
        }
    }
    _ = client.shutdown(Shutdown::Write);
}
