"""TLS: what both sides need for it, and why it failed, in words."""

from __future__ import annotations

import os
import ssl
from pathlib import Path

from cosmo_bus.errors import TlsError

CA_VARIABLE = "COSMO_TLS_CA"
"""Environment variable: the file of the CAs to trust, instead of those of the system."""

CLIENT_HELLO = 0x16
"""The first byte of whoever begins to speak TLS. No line of a client can begin with it."""


def server_context(certificate: Path, key: Path | None) -> ssl.SSLContext:
    """What a server needs.

    Args:
        certificate: its certificate and those that lead to its CA, PEM.
        key: its private key, PEM; None when the certificate's file holds it too.

    Raises:
        TlsError: they cannot be read or do not belong together.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        # A key under a password would ask for it at the terminal.
        context.load_cert_chain(certificate, key, password=lambda: b"")
    except ssl.SSLError as error:
        files = f"{certificate} and {key}" if key else f"{certificate}"
        raise TlsError(
            f"{files}: no certificate with its private key, both PEM and without password ({error.reason or error})"
        ) from None
    except OSError as error:
        # The name of the file at fault is not part of the error.
        missing = [path for path in (certificate, key) if path is not None and not path.exists()]
        raise TlsError(f"cannot read {missing[0] if missing else certificate}: {error.strerror}") from None
    return context


def client_context(ca: Path | None = None) -> ssl.SSLContext:
    """What a client needs: the CAs it trusts. Certificate and host name are always checked.

    Args:
        ca: the CAs, PEM; when None, the file that `COSMO_TLS_CA` names, or else the system's.

    Raises:
        TlsError: the file cannot be used.
    """
    named = os.environ.get(CA_VARIABLE)
    file = ca or (Path(named) if named else None)
    try:
        return ssl.create_default_context(cafile=file)
    except ssl.SSLError:
        raise TlsError(f"{file} holds no certificate of a CA in PEM") from None
    except OSError as error:
        raise TlsError(f"cannot read the CA file {file}: {error.strerror}") from None


def why_not_tls(error: OSError) -> str | None:
    """Why TLS failed, in words; None when it was something else."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            f"its certificate is not trusted ({error.verify_message}); name the CA that signed it with "
            f"--tls-ca or {CA_VARIABLE}, and the bus by a name that its certificate holds"
        )
    if isinstance(error, ssl.SSLError):
        if error.reason in ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE"):
            return "it does not speak TLS; write cosmo:// instead of cosmos://"
        return f"no TLS with it: {error.reason or error}"
    return None
