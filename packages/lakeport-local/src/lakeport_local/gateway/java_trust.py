"""The trust store that a Java machine reads in place of its own: the local CA and the public roots.

Java knows no PEM bundle by property, so it gets a PKCS #12 file; its password protects nothing, as everything in it is public.

Source: identity.md 7.1 and 7.4; the JSSE reference guide, "javax.net.ssl.trustStore".
"""

from __future__ import annotations

import re
import warnings

from cryptography import x509
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12
from cryptography.utils import CryptographyDeprecationWarning

_PASSWORD = b"changeit"  # Java's own default for trust stores
_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


def java_trust_store(bundle: bytes) -> bytes:
    """Return the trust store that says what a PEM bundle says; it opens with Java's usual password, `changeit`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)  # public roots have odd serial numbers
        certificates = [x509.load_pem_x509_certificate(pem) for pem in _PEM.findall(bundle)]
    named = [pkcs12.PKCS12Certificate(one, f"ca-{number}".encode()) for number, one in enumerate(certificates)]
    return pkcs12.serialize_java_truststore(named, BestAvailableEncryption(_PASSWORD))
