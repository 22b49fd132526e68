"""An identity provider that says whatever a test wants it to say, over real HTTP."""

import asyncio
import base64
import hashlib
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs

import msgspec
from joserfc import jwt
from joserfc.jwk import RSAKey

KEYS = [RSAKey.generate_key(2048, {"kid": f"key-{number}", "use": "sig"}) for number in (1, 2)]


class Liar:
    """Answers codes with tokens; each attribute is what it says of something."""

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer
        self.metadata: dict[str, Any] = {}
        self.claims: dict[str, Any] = {}
        self.userinfo: dict[str, Any] = {}
        self.token: str | None = None
        self.key = KEYS[0]
        self.published = [KEYS[0]]
        self.redirects = False
        self.asked: list[tuple[str, dict[str, str]]] = []
        self._codes: dict[str, tuple[str, str]] = {}
        self._spent: set[str] = set()

    def code(self, query: dict[str, str], name: str = "code-1") -> str:
        """Return a code for what a browser asked at the authorization endpoint."""
        self._codes[name] = (query["nonce"], query["code_challenge"])
        return name

    def signed(self, **claims: Any) -> str:
        """Return a token of one's own, such as a logout token."""
        return jwt.encode({"alg": "RS256", "kid": self.key.get("kid")}, claims, self.key)

    def answer(self, method: str, path: str, form: dict[str, str]) -> tuple[int, Any]:
        self.asked.append((path, form))
        if self.redirects:
            return 302, {}
        if path == "/.well-known/openid-configuration":
            at = self.issuer
            known = {
                "issuer": at,
                "authorization_endpoint": f"{at}/authorize",
                "token_endpoint": f"{at}/token",
            }
            return 200, {
                **known,
                "jwks_uri": f"{at}/keys",
                "userinfo_endpoint": f"{at}/userinfo",
                **self.metadata,
            }
        if path == "/keys":
            return 200, {"keys": [key.as_dict(private=False) for key in self.published]}
        if path == "/userinfo":
            return 200, self.userinfo
        return self._tokens(form)

    def _tokens(self, form: dict[str, str]) -> tuple[int, Any]:
        code = form.get("code", "")
        nonce, challenge = self._codes.get(code, ("", ""))
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        proven = base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == challenge
        if code in self._spent or not proven:
            return 400, {"error": "invalid_grant"}
        self._spent.add(code)
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": "psa",
            "sub": "u-1",
            "nonce": nonce,
            "iat": now,
            "exp": now + 300,
        }
        claims |= {"email": "ann@example.com", "email_verified": True, "name": "Ann Example", **self.claims}
        claims = {name: value for name, value in claims.items() if value is not None}
        return 200, {
            "id_token": self.token or self.signed(**claims),
            "access_token": "at-1",
            "token_type": "Bearer",
        }

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        method, target, _ = head[0].split(" ")
        sizes = [int(line.split(":")[1]) for line in head if line.lower().startswith("content-length:")]
        body = (await reader.readexactly(sizes[0])).decode() if sizes else ""
        status, said = self.answer(
            method, target, {name: values[-1] for name, values in parse_qs(body).items()}
        )
        content = msgspec.json.encode(said)
        moved = "Location: http://127.0.0.1:9/\r\n" if status == 302 else ""
        writer.write(
            f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\n{moved}"
            f"Content-Length: {len(content)}\r\nConnection: close\r\n\r\n".encode()
            + content
        )
        await writer.drain()
        writer.close()


@asynccontextmanager
async def lying() -> AsyncGenerator[Liar]:
    """Serve a liar on the loopback."""
    liar = Liar("")
    server = await asyncio.start_server(liar.serve, "127.0.0.1", 0)
    liar.issuer = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield liar
