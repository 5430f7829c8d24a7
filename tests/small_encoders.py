"""Small encoders for tables, beside `MLP`."""

from small_architectures import small_architectures

from polytask.encoders import DCN, FTTransformer

ENCODERS = {
    "DCN": DCN(2, widths=(6, 6, 6)),
    "DCN, stacked mixture": DCN(2, rank=3, n_experts=2, structure="stacked", widths=(6,)),
    "FTTransformer": FTTransformer(8, depth=2, n_heads=2),
}


def encoded_architectures():
    """Recipes by encoder and architecture; `Sluice` needs stages of one width."""
    return {
        (encoder, name): architecture
        for encoder in ("DCN", "FTTransformer")
        for name, architecture in small_architectures(ENCODERS[encoder]).items()
        if (encoder, name) != ("DCN", "Sluice")
    }
