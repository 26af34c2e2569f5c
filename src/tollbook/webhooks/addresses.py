"""Where messages may go: the address of an endpoint, and the one that is really connected to."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final
from urllib.parse import SplitResult, urlsplit

from tollbook.kernel.errors import InvalidInput

LONGEST_URL: Final = 2_000
_NAT64: Final = IPv6Network("64:ff9b::/96")
_LOW_32: Final = 2**32 - 1

Address = IPv4Address | IPv6Address


def check_url(url: str, *, private: bool) -> None:
    """Raise ``InvalidInput`` for what no endpoint can be at; only ``private`` ones take HTTP.

    A name is not looked up: it may be another's tomorrow. Each connection is checked by itself.
    """
    try:
        parts = urlsplit(url)
        fault = _fault(url, parts, private=private)
    except ValueError:
        fault = "This is no address such as https://example.com/hook."
    if fault:
        raise InvalidInput(fault, field="url")


def may_connect(address: Address, *, private: bool) -> bool:
    """Whether messages may go there: anywhere public, and near by only where that is allowed.

    Addresses that are nobody's in particular, or those of the link, where clouds keep their
    machines' credentials, never are receivers.
    """
    inner = _inner(address)
    if inner.is_multicast or inner.is_unspecified or inner.is_link_local:
        return False
    return inner.is_global or (private and (inner.is_private or inner.is_loopback))


def _fault(url: str, parts: SplitResult, *, private: bool) -> str:
    host, schemes = parts.hostname or "", {"https", "http"} if private else {"https"}
    odd = not url.isascii() or not url.isprintable() or " " in url or "\\" in url
    faults = (
        (len(url) > LONGEST_URL, f"This is longer than {LONGEST_URL} characters."),
        (odd, "This holds characters that no address has."),
        (parts.scheme not in schemes, "This does not begin with https://."),
        (not host or parts.port == 0, "This names no host, or port 0."),
        ("@" in parts.netloc, "This holds a name or a password; the signature says who sends."),
        ("#" in url, "This has a part after #, which is never sent."),
        (not _literal_is_allowed(host, private=private), "This address is not public."),
    )
    return next((fault for holds, fault in faults if holds), "")


def _literal_is_allowed(host: str, *, private: bool) -> bool:
    try:
        address = ip_address(host)
    except ValueError:
        return True
    return may_connect(address, private=private)


def _inner(address: Address) -> Address:
    """The address that is reached in the end where one of version 6 holds one of version 4."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if address in _NAT64:
        return IPv4Address(int(address) & _LOW_32)
    return address
