//! A server that speaks a few lines of RESP.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use alf_redis::RedisStore;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

/// What the server does with a `GET` or an `EVAL`.
#[derive(Clone, Copy)]
pub(crate) enum Answer {
    Reply(&'static str),
    Close,
    Silence,
}

pub(crate) struct Server {
    url: String,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    connections: Mutex<usize>,
    /// Without those that open a connection.
    commands: Mutex<Vec<String>>,
    silent: Notify,
}

impl Server {
    /// Accepts as many connections as there are lists, and gives the answers of each list in their order.
    pub(crate) fn start<const N: usize>(connections: [Vec<Answer>; N]) -> Self {
        Self::serve(Vec::from(connections), "+OK\r\n")
    }

    /// Gives this answer to `AUTH` or `HELLO`.
    pub(crate) fn start_with_login(answer: &'static str) -> Self {
        Self::serve(vec![Vec::new(); 2], answer)
    }

    fn serve(connections: Vec<Vec<Answer>>, login: &'static str) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let url = format!("redis://{}", listener.local_addr().unwrap());
        let listener = TcpListener::from_std(listener).unwrap();
        let state = Arc::new(State::default());
        let accepting = Arc::clone(&state);
        tokio::spawn(async move {
            for answers in connections {
                let (stream, _) = listener.accept().await.unwrap();
                *accepting.connections.lock().unwrap() += 1;
                tokio::spawn(converse(
                    stream,
                    answers.into(),
                    login,
                    Arc::clone(&accepting),
                ));
            }
        });
        Self { url, state }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn store(&self) -> RedisStore {
        RedisStore::from_url(&self.url).unwrap()
    }

    pub(crate) fn connections(&self) -> usize {
        *self.state.connections.lock().unwrap()
    }

    pub(crate) fn commands(&self) -> Vec<String> {
        self.state.commands.lock().unwrap().clone()
    }

    /// Returns when a command has been answered with silence.
    pub(crate) async fn silent(&self) {
        self.state.silent.notified().await;
    }
}

async fn converse(
    stream: TcpStream,
    mut answers: VecDeque<Answer>,
    login: &str,
    state: Arc<State>,
) {
    let (read, mut write) = stream.into_split();
    let mut read = BufReader::new(read);
    while let Some(command) = next_command(&mut read).await {
        match command.as_str() {
            "AUTH" | "HELLO" => reply(&mut write, login).await,
            "CLIENT" => reply(&mut write, "+OK\r\n").await,
            _ => {
                state.commands.lock().unwrap().push(command);
                match answers.pop_front() {
                    Some(Answer::Reply(text)) => reply(&mut write, text).await,
                    Some(Answer::Silence) => state.silent.notify_one(),
                    Some(Answer::Close) | None => return,
                }
            }
        }
    }
}

/// The client may have closed the connection.
async fn reply(write: &mut OwnedWriteHalf, text: &str) {
    write.write_all(text.as_bytes()).await.ok();
}

/// Reads an array of bulk strings, and returns the first.
async fn next_command(read: &mut BufReader<OwnedReadHalf>) -> Option<String> {
    let count = number(read).await?;
    let mut name = None;
    for _ in 0..count {
        let mut argument = vec![0; number(read).await? + 2];
        read.read_exact(&mut argument).await.ok()?;
        name.get_or_insert_with(|| String::from_utf8_lossy(&argument).trim_end().to_owned());
    }
    name
}

async fn number(read: &mut BufReader<OwnedReadHalf>) -> Option<usize> {
    let mut line = String::new();
    read.read_line(&mut line).await.ok()?;
    line.get(1..)?.trim_end().parse().ok()
}
