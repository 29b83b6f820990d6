"""ed25519 signatures on approvals: key files are PEM, values in the plan base64."""

import base64
from pathlib import Path

from planner.errors import InvalidPlanInput
from planner.plan import Signature


def sign(message: bytes, key_file: Path) -> Signature:
    """Sign with the private key in `key_file`. Raises InvalidPlanInput when that is not an ed25519 key."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    try:
        key = serialization.load_pem_private_key(key_file.read_bytes(), password=None)
    except OSError as error:
        raise InvalidPlanInput(
            f"cannot read the key {key_file}: {error.strerror}", "name an ed25519 PEM file"
        ) from error
    except (ValueError, TypeError) as error:
        raise InvalidPlanInput(f"{key_file} is not a private key in PEM without password", str(error)) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise InvalidPlanInput(f"{key_file} is not an ed25519 key", "make one: `openssl genpkey -algorithm ed25519`")
    public = key.public_key().public_bytes_raw()
    return Signature(public_key=base64.b64encode(public).decode(), value=base64.b64encode(key.sign(message)).decode())


def verified(message: bytes, signature: Signature) -> bool:
    """Whether the signature is one over this message, by the key that it carries."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        public = Ed25519PublicKey.from_public_bytes(base64.b64decode(signature.public_key, validate=True))
        public.verify(base64.b64decode(signature.value, validate=True), message)
    except (InvalidSignature, ValueError):
        return False
    return True


def public_key(path: Path) -> str:
    """The public key of a PEM file, in the form that signatures carry."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        key = serialization.load_pem_public_key(path.read_bytes())
    except (OSError, ValueError) as error:
        raise InvalidPlanInput(f"cannot read the public key {path}", str(error)) from error
    if not isinstance(key, Ed25519PublicKey):
        raise InvalidPlanInput(f"{path} is not an ed25519 public key", "name the PEM file of the approver's public key")
    return base64.b64encode(key.public_bytes_raw()).decode()
