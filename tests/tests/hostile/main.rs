//! Components and servers that mean no good, or are broken, against the library with limits of the tests' choice. What a row of the
//! security checklist asks for stands beside the test as its number: H for components, V for servers.

mod answers;
mod attack;
mod border;
mod certificates;
mod child;
mod client;
mod compiling;
mod coverage;
mod directories;
mod encodings;
mod loading;
mod memory;
mod pages;
mod program;
mod python;
mod raw;
mod redirects;
mod repeating;
mod requests;
mod secrets;
mod server;
mod time;
