//! One connection of a server, request after request.

use std::io::{self, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use socket2::SockRef;

use super::answer::{Answer, Content};
use super::core::Core;
use super::delivery::{Ending, Pause, Timing};
use super::recorded::{Body, Recorded};
use super::request_head::RequestHead;
use super::request_reader::RequestReader;
use super::response_writer::ResponseWriter;
use super::role::decide;

/// Serves a connection until one side closes it.
pub(super) fn serve(core: &Core, id: usize, stream: &TcpStream) {
    // It fails only on a connection that is gone.
    let _ = stream.set_nodelay(true);
    let mut exchange = Exchange {
        core,
        id,
        stream,
        reader: RequestReader::new(stream),
        writer: ResponseWriter::new(stream),
    };
    let mut turn = 1;
    while let Ok(Next::Request) = exchange.one(turn) {
        turn += 1;
    }
}

enum Next {
    Request,
    Close,
}

struct Exchange<'a> {
    core: &'a Core,
    id: usize,
    stream: &'a TcpStream,
    reader: RequestReader<'a>,
    writer: ResponseWriter<'a>,
}

impl Exchange<'_> {
    /// One request and its answer. An error ends the connection: nobody is there to hear of it.
    fn one(&mut self, turn: usize) -> io::Result<Next> {
        let head = match self.reader.head() {
            Ok(Some(head)) => head,
            Ok(None) => return Ok(Next::Close),
            Err(error) => return self.unreadable(&error),
        };
        let mut scripted = self.core.script.take(head.path());
        let pauses = std::mem::take(&mut scripted.pauses);
        let rest = Rest::of(&head, &scripted);
        let client_closes = head.closes;
        let mut body = self.empty_body(&head);
        if rest == Rest::Read {
            if let Err(error) = self.read_body(&head, &mut body) {
                return self.unreadable(&error);
            }
        }
        let framing = head.framing;
        let request = Arc::new(Recorded::new(self.id, turn, head, body));

        let entry = self.core.log.arrived(&request);
        self.pause(&pauses);
        let mut answer = decide(&*self.core.role, scripted, &request);
        // A rejection may have pauses of its own.
        self.pause(&answer.pauses);
        if rest == Rest::NeverComes || (client_closes && answer.ending == Ending::KeepAlive) {
            answer.ending = Ending::Close;
        }
        self.core.log.answering(entry, status(&answer));
        if self.core.shutdown.has_begun() {
            return Ok(Next::Close);
        }

        let next = self.send(&answer, &request)?;
        match rest {
            Rest::Read => {}
            Rest::Comes => self.reader.body(framing, |_| ())?,
            Rest::NeverComes => self.close_gently(),
        }
        Ok(next)
    }

    fn empty_body(&self, head: &RequestHead) -> Body {
        let (bound, hashing) = self.core.log.body_bound();
        Body::keeping(bound.max(self.core.role.body_needed(head.path())), hashing)
    }

    fn read_body(&mut self, head: &RequestHead, body: &mut Body) -> io::Result<()> {
        if head.expects_continue && !self.reader.has_buffered() {
            let mut stream = self.stream;
            stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        self.reader.body(head.framing, |piece| body.push(piece))
    }

    fn unreadable(&mut self, error: &io::Error) -> io::Result<Next> {
        self.core.log.unreadable();
        if error.kind() == io::ErrorKind::InvalidData {
            let mut stream = self.stream;
            stream.write_all(
                b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            )?;
            self.close_gently();
        }
        Ok(Next::Close)
    }

    fn pause(&self, pauses: &[Pause]) {
        for pause in pauses {
            match pause {
                Pause::Gate(gate) => self.core.shutdown.hold_at(gate),
                Pause::Delay(duration) => self.core.shutdown.sleep(*duration),
            }
        }
    }

    fn send(&mut self, answer: &Answer, request: &Recorded) -> io::Result<Next> {
        match &answer.content {
            // `decide` leaves none of the first two.
            Content::Normal | Content::Token(_) | Content::HangUp => {
                self.stream.shutdown(Shutdown::Both)?;
                Ok(Next::Close)
            }
            Content::Reset => {
                SockRef::from(self.stream).set_linger(Some(Duration::ZERO))?;
                Ok(Next::Close)
            }
            Content::Silence => {
                self.reader.drain();
                Ok(Next::Close)
            }
            Content::Raw(bytes) => {
                let mut stream = self.stream;
                stream.write_all(bytes)?;
                Ok(Next::Close)
            }
            Content::Http { status, body } => {
                self.writer
                    .response(*status, body, answer, &request.method)?;
                Ok(self.after(answer.ending))
            }
        }
    }

    fn after(&mut self, ending: Ending) -> Next {
        match ending {
            Ending::KeepAlive => Next::Request,
            Ending::CloseUnderNextRequest => {
                self.reader.wait_for_anything();
                Next::Close
            }
            Ending::Close
            | Ending::CloseUnannounced
            | Ending::HangUpInHeaders
            | Ending::HangUpInBody => Next::Close,
        }
    }

    /// Closes so that the answer arrives although something of the request was not read: closing
    /// with unread bytes resets the connection, and the answer with it.
    fn close_gently(&mut self) {
        if self.stream.shutdown(Shutdown::Write).is_ok() {
            self.reader.drain();
        }
    }
}

/// What is to be done about the body of a request.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rest {
    /// It is read before the answer.
    Read,
    /// It is thrown away after the answer.
    Comes,
    /// The client waits for `100 Continue` and gets the answer instead.
    NeverComes,
}

impl Rest {
    fn of(head: &RequestHead, scripted: &Answer) -> Self {
        match scripted.timing {
            Timing::AfterTheBody => Self::Read,
            Timing::BeforeTheBody if head.expects_continue => Self::NeverComes,
            Timing::BeforeTheBody => Self::Comes,
        }
    }
}

/// The status that goes out, if an HTTP response does.
fn status(answer: &Answer) -> Option<u16> {
    match &answer.content {
        Content::Http { status, .. } => Some(*status),
        Content::Normal
        | Content::Token(_)
        | Content::Raw(_)
        | Content::HangUp
        | Content::Reset
        | Content::Silence => None,
    }
}
