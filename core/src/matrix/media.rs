//! Attachments: encrypted before they leave, checked before they are believed.

use std::io::{Cursor, Read};

use matrix_sdk::ruma::api::client::media::create_content;
use matrix_sdk::ruma::events::room::EncryptedFile;
use matrix_sdk_base::crypto::{AttachmentDecryptor, AttachmentEncryptor, MediaEncryptionInfo};
use serde_json::{Map, Value};

use super::error::{self, internal, not_understood};
use super::{MatrixTransport, Port};
use crate::ports::PortError;

impl MatrixTransport {
    pub(super) async fn upload_encrypted(&self, bytes: &[u8]) -> Port<Map<String, Value>> {
        let mut plain = Cursor::new(bytes);
        let mut encryptor = AttachmentEncryptor::new(&mut plain);
        let mut encrypted = Vec::with_capacity(bytes.len());
        encryptor.read_to_end(&mut encrypted).map_err(internal("attachment-encrypt"))?;
        let keys = encryptor.finish();
        let mut request = create_content::v3::Request::new(encrypted);
        request.content_type = Some("application/octet-stream".into());
        let answer = self.client.send(request).await.map_err(|error| error::http(&error))?;
        let file = EncryptedFile::new(answer.content_uri, keys.encryption_info, keys.hashes);
        match serde_json::to_value(&file) {
            Ok(Value::Object(file)) => Ok(file),
            _ => Err(PortError::Internal { code: "attachment-describe" }),
        }
    }

    pub(super) async fn download_encrypted(&self, file: &Map<String, Value>, limit: u64) -> Port<Vec<u8>> {
        let wrong = || PortError::NotUnderstood { code: "encrypted-file" };
        let file: EncryptedFile =
            serde_json::from_value(Value::Object(file.clone())).map_err(not_understood("encrypted-file"))?;
        let (server, media) = file.url.parts().map_err(not_understood("encrypted-file"))?;
        let encrypted = self.fetch(server.as_str(), media, limit).await?;
        let mut encrypted = Cursor::new(encrypted);
        let keys = MediaEncryptionInfo { encryption_info: file.info, hashes: file.hashes };
        let mut decryptor = AttachmentDecryptor::new(&mut encrypted, keys).map_err(|_| wrong())?;
        let mut plain = Vec::new();
        // Reading to the end compares the hash; what was read before it differs is never given out.
        decryptor.read_to_end(&mut plain).map_err(not_understood("attachment-hash"))?;
        Ok(plain)
    }

    /// Fetches a media file in pieces, so that one that is too long is never held whole.
    async fn fetch(&self, server: &str, media: &str, limit: u64) -> Port<Vec<u8>> {
        let mut url = self.client.homeserver();
        url.path_segments_mut()
            .map_err(|()| PortError::Internal { code: "homeserver-url" })?
            .pop_if_empty()
            .extend(["_matrix", "client", "v1", "media", "download", server, media]);
        let token = self.client.access_token().ok_or(PortError::SignedOut)?;
        let mut answer = self
            .client
            .http_client()
            .get(url)
            .bearer_auth(token)
            .timeout(super::open::TIMEOUT)
            .send()
            .await
            .map_err(|error| error::request(&error))?;
        if !answer.status().is_success() {
            return Err(error::status(answer.status().as_u16(), true));
        }
        let too_long = || PortError::Refused { code: "too-long" };
        if answer.content_length().is_some_and(|length| length > limit) {
            return Err(too_long());
        }
        let mut bytes = Vec::new();
        while let Some(piece) = answer.chunk().await.map_err(|error| error::request(&error))? {
            if (bytes.len() + piece.len()) as u64 > limit {
                return Err(too_long());
            }
            bytes.extend_from_slice(&piece);
        }
        Ok(bytes)
    }
}
