"""The demo book: a believable reseller business made from a seed."""
