"""NCMEC's CyberTipline: documents of its reporting API, written and checked by a table of seawall's own."""
