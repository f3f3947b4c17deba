"""SSH signatures: the same as OpenSSH's in both directions, and nothing else passes for one."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from ostler.core.errors import BadInput, NotFound, VerificationFailed
from ostler.store import signers, sshsig

SPACE = "ostler-vote"


def keygen(*arguments: str, said: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        ["ssh-keygen", *arguments], input=said, capture_output=True, check=False, timeout=60
    )


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "id_ed25519"
    assert keygen("-q", "-t", "ed25519", "-N", "", "-C", "ana", "-f", str(path)).returncode == 0
    return path


def openssh_accepts(folder: Path, line: str, signature: str, message: bytes) -> bool:
    (folder / "allowed").write_text(f"ana {line}\n")
    (folder / "it.sig").write_text(signature)
    checks = ("-Y", "verify", "-f", str(folder / "allowed"), "-I", "ana", "-n", SPACE)
    return keygen(*checks, "-s", str(folder / "it.sig"), said=message).returncode == 0


def test_openssh_takes_ours_and_we_take_openssh_s(tmp_path: Path, key_file: Path) -> None:
    line = signers.line_beside(key_file)
    assert line is not None
    ours = signers.sign_with_file(key_file, SPACE, b"yes")
    theirs = keygen("-q", "-Y", "sign", "-n", SPACE, "-f", str(key_file), said=b"yes")
    assert ours == theirs.stdout.decode()  # Ed25519 is deterministic: to the last byte
    assert sshsig.verify(ours, SPACE, b"yes") == line
    assert openssh_accepts(tmp_path, line, ours, b"yes")
    assert not openssh_accepts(tmp_path, line, ours, b"no")
    assert sshsig.fingerprint(line) in keygen("-lf", str(key_file)).stdout.decode()


def test_a_signature_holds_for_its_message_and_its_namespace_only(key_file: Path) -> None:
    signature = signers.sign_with_file(key_file, SPACE, b"yes")
    with pytest.raises(VerificationFailed, match="does not hold"):
        sshsig.verify(signature, SPACE, b"yes!")
    with pytest.raises(VerificationFailed, match="made for 'ostler-vote'"):
        sshsig.verify(signature, "ostler-roster", b"yes")


def test_a_passphrase_is_asked_for_and_must_be_right(tmp_path: Path) -> None:
    path = tmp_path / "locked"
    assert keygen("-q", "-t", "ed25519", "-N", "sesame", "-f", str(path)).returncode == 0
    asked: list[str] = []

    def ask(name: str) -> str:
        asked.append(name)
        return "sesame"

    signature = signers.sign_with_file(path, SPACE, b"yes", ask)
    assert sshsig.verify(signature, SPACE, b"yes") == signers.line_beside(path)
    assert asked == ["locked"]
    with pytest.raises(BadInput, match="not the passphrase"):
        signers.sign_with_file(path, SPACE, b"yes", lambda _: "wrong")
    with pytest.raises(BadInput, match="nobody gave it"):
        signers.sign_with_file(path, SPACE, b"yes")


@pytest.fixture
def agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    address = tmp_path / "agent"
    process = subprocess.Popen(["ssh-agent", "-D", "-a", str(address)], stdout=subprocess.DEVNULL)
    try:
        while not address.exists():
            assert process.poll() is None
        monkeypatch.setenv("SSH_AUTH_SOCK", str(address))
        yield address
    finally:
        process.terminate()
        process.wait()


def test_the_agent_signs_with_the_keys_that_it_holds(agent: Path, key_file: Path) -> None:
    line = signers.line_beside(key_file)
    assert line is not None
    assert signers.agent_keys() == ()
    subprocess.run(["ssh-add", "-q", str(key_file)], check=True, env=dict(os.environ))
    key_file.unlink()
    assert signers.agent_keys() == (line,)
    signature = signers.Keyring().sign([line], SPACE, b"yes")
    assert sshsig.verify(signature, SPACE, b"yes") == line
    other = sshsig.public_line(Ed25519PrivateKey.generate())
    with pytest.raises(BadInput, match="did not sign"):
        signers.sign_with_agent(other, SPACE, b"yes")


def test_without_an_agent_and_a_file_there_is_nothing_to_sign_with(
    key_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    assert signers.agent_keys() == ()
    other = sshsig.public_line(Ed25519PrivateKey.generate())
    with pytest.raises(NotFound, match="no private key"):
        signers.Keyring([key_file]).sign([other], SPACE, b"yes")


def test_a_key_on_hardware_counts_when_it_was_touched() -> None:
    import hashlib

    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    key = Ed25519PrivateKey.generate()
    raw = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    kind, application = sshsig.HARDWARE.encode(), b"ssh:"
    line = sshsig.line_of(b"".join(sshsig.packed(part) for part in (kind, raw, application)))

    def signed(flags: int) -> str:
        tail = bytes([flags, 0, 0, 0, 7])
        framed = sshsig.to_be_signed(SPACE, b"yes")
        digests = (hashlib.sha256(application).digest(), tail, hashlib.sha256(framed).digest())
        signature = key.sign(b"".join(digests))
        return sshsig.armored(line, SPACE, sshsig.packed(kind) + sshsig.packed(signature) + tail)

    assert sshsig.verify(signed(1), SPACE, b"yes") == line
    with pytest.raises(VerificationFailed, match="touched"):
        sshsig.verify(signed(0), SPACE, b"yes")


KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
SIGNATURE = sshsig.sign(KEY, SPACE, b"yes")


@given(at=st.integers(0, len(SIGNATURE) - 1), by=st.characters(max_codepoint=0x7F))
def test_no_changed_character_passes(at: int, by: str) -> None:
    changed = SIGNATURE[:at] + by + SIGNATURE[at + 1 :]
    try:
        line = sshsig.verify(changed, SPACE, b"yes")
    except VerificationFailed:
        return
    # White space around lines is no part of a signature.
    assert line == sshsig.public_line(KEY)
    assert "".join(changed.split()) == "".join(SIGNATURE.split())


@given(text=st.text(max_size=200))
def test_whatever_is_no_signature_is_refused_in_a_sentence(text: str) -> None:
    for candidate in (text, f"-----BEGIN SSH SIGNATURE-----\n{text}\n-----END SSH SIGNATURE-----"):
        with pytest.raises(VerificationFailed):
            sshsig.verify(candidate, SPACE, b"yes")


@pytest.mark.parametrize("text", ["", "ssh-rsa AAAA", "ssh-ed25519", "ssh-ed25519 AAAA", "\x00"])
def test_a_line_that_is_no_key_of_ours_is_bad_input(text: str) -> None:
    with pytest.raises(BadInput):
        sshsig.parsed_line(text)
