"""A second-price auction: the highest bid wins and pays the second highest, so honest bids are the best bids."""

from __future__ import annotations

from cosmo_sdk.coordination import AuctionRules, AuctionType, BiddingProtocol


def sell(bids: dict[str, float], reserve: float = 0) -> None:
    auction = BiddingProtocol.with_rules(
        AuctionRules(reserve=reserve),
        auction_type=AuctionType.SECOND_PRICE_SEALED_BID,
        lot={"what": "an hour of the big machine"},
    )
    for bidder, amount in bids.items():
        auction.submit_bid(bidder, amount)
    winner = auction.resolve()
    result = auction.result()
    if winner is None:
        print(f"reserve {reserve}: not sold ({result.reason})")
    else:
        print(f"reserve {reserve}: {winner} bid {bids[winner]} and pays {result.price:g}")


def main() -> None:
    bids = {"ann": 40, "bob": 55, "cat": 52}
    for reserve in (0, 53, 60):
        sell(bids, reserve)
    print("cat, to whom it is worth 52, exaggerates:")
    sell({**bids, "cat": 70})


if __name__ == "__main__":
    main()
