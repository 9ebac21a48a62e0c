//! What the processes have in common: a directory for tokens, the sealing key, and the URLs of the servers.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;

use alf_testkit::Servers;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

pub(crate) struct SharedDirectory(PathBuf);

pub(crate) struct Urls {
    pub(crate) token_endpoint: String,
    pub(crate) api: String,
}

impl SharedDirectory {
    pub(crate) fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    pub(crate) fn tokens(&self) -> PathBuf {
        self.0.join("tokens")
    }

    pub(crate) fn sealing_key(&self) -> PathBuf {
        self.0.join("sealing-key")
    }

    pub(crate) fn urls(&self) -> io::Result<Urls> {
        let text = fs::read_to_string(self.urls_file())?;
        let (token_endpoint, api) = text.split_once('\n').unwrap_or((&text, ""));
        Ok(Urls {
            token_endpoint: token_endpoint.to_owned(),
            api: api.to_owned(),
        })
    }

    /// Not if the process that started them has ended.
    pub(crate) fn servers_are_running(&self) -> bool {
        let api = self.urls().ok().and_then(|urls| {
            let address = urls.api.strip_prefix("http://")?.split('/').next();
            address.map(str::to_owned)
        });
        api.is_some_and(|address| TcpStream::connect(address).is_ok())
    }

    /// Makes what is missing, and writes the URLs of these servers.
    pub(crate) fn create(&self, servers: &Servers) -> io::Result<()> {
        let mut directories = DirBuilder::new();
        directories.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut directories, 0o700);
        directories.create(self.tokens())?;
        self.create_key()?;
        let urls = format!("{}\n{}", servers.token_endpoint(), servers.url("/things"));
        fs::write(self.urls_file(), urls)
    }

    /// What `openssl rand -base64 32` does.
    fn create_key(&self) -> io::Result<()> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = match options.open(self.sealing_key()) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(()),
            opened => opened?,
        };
        let mut key = [0; 32];
        getrandom::fill(&mut key).map_err(io::Error::other)?;
        file.write_all(STANDARD.encode(key).as_bytes())
    }

    fn urls_file(&self) -> PathBuf {
        self.0.join("urls")
    }
}
